/**
 * First release of each distribution whose wheels (or code) work with numpy 2; older ones end with "A module that was compiled using NumPy 1.x cannot be
 * run in NumPy 2" or a missing name. null: no release does. Source: NumPy's tracking list of ecosystem compatibility with numpy 2.0 and the projects'
 * release notes. Date: 2026-11.
 */
export const NUMPY2_SINCE: Readonly<Record<string, string | null>> = {
  albumentations: '1.4.11', autogluon: '1.2', bottleneck: '1.4.0', catboost: '1.2.8', contourpy: '1.2.1', cupy: '13.2.0', 'cupy-cuda11x': '13.2.0', 'cupy-cuda12x': '13.2.0', darts: '0.31.0', deepface: '0.0.93', 'faiss-cpu': '1.9.0', 'faiss-gpu': null,
  fasttext: null, 'fasttext-wheel': null, fiona: '1.9.6', gensim: '4.4.0', h5py: '3.11.0', hdbscan: '0.8.37', imgaug: null, implicit: '0.7.3', jax: '0.4.26', jaxlib: '0.4.26', keras: '3.4.0', lightgbm: '4.5.0', llvmlite: '0.43.0', matplotlib: '3.8.4', mediapipe: '0.10.15', 'ml-dtypes': '0.4.0',
  mxnet: null, nmslib: '2.1.2', numba: '0.60.0', numexpr: '2.10.0', onnx: '1.17.0', onnxruntime: '1.19.0', 'onnxruntime-gpu': '1.19.0', 'opencv-contrib-python': '4.10.0.84', 'opencv-contrib-python-headless': '4.10.0.84', 'opencv-python': '4.10.0.84', 'opencv-python-headless': '4.10.0.84',
  paddlepaddle: '3.0.0', pandas: '2.2.2', 'pandas-ta': null, patsy: '0.5.6', pmdarima: '2.1.0', prophet: '1.1.6', pyarrow: '16.0.0', pycocotools: '2.0.8', pyod: '2.0.2', pyproj: '3.6.1', pywavelets: '1.6.0', rasterio: '1.4.0', rdkit: '2024.3.5', 'scikit-image': '0.23.0', 'scikit-learn': '1.4.2', 'scikit-surprise': '1.1.5',
  scipy: '1.13.0', seaborn: '0.13.2', shap: '0.46.0', shapely: '2.0.4', simpleitk: '2.4.0', spacy: '3.8.0', statsmodels: '0.14.2', 'stable-baselines3': '2.4.0', tables: '3.10.0', tensorboard: '2.17.0', tensorflow: '2.18.0', 'tensorflow-cpu': '2.18.0', 'tensorflow-gpu': null, 'tflite-runtime': null, thinc: '8.3.0',
  torch: '2.3.0', torchvision: '0.18.0', torchaudio: '2.3.0', transformers: '4.39.0', ultralytics: '8.2.28', 'umap-learn': '0.5.6', xarray: '2024.3.0', xgboost: '2.1.0', zarr: '2.18.0',
}; // prettier-ignore

/** Day on which numpy 2.0 was released: what is resolved as of an earlier day cannot meet it. */
export const NUMPY2_RELEASED = '2024-06-16';
