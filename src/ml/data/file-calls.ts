/** Functions that open a file: which argument is its path (by place and by name) and whether it is read or written. */
export interface FileCall {
  /** Last name of the function, as in `torch.load` → `load`. */
  name: string;
  /** Text the whole callee must match, where the last name alone says too little. */
  callee?: RegExp;
  position: number;
  keywords?: readonly string[];
  mode: 'read' | 'write';
}

// Source: the documentation of each library, read for scikit-learn 1.5, joblib 1.4, NumPy 2, pandas 2.2, PyTorch 2.6, TensorFlow 2.18,
// ONNX 1.17, ONNX Runtime 1.20, XGBoost 2.1, LightGBM 4.5, CatBoost 1.2, safetensors 0.4. 2026-11.
export const FILE_CALLS: readonly FileCall[] = [
  { name: 'load', callee: /^(joblib|torch|np|numpy|onnx|skops\.io|sio|cloudpickle|dill|torch\.jit)\./, position: 0, keywords: ['f', 'filename', 'file'], mode: 'read' },
  { name: 'dump', callee: /^(joblib|skops\.io|sio)\./, position: 1, keywords: ['filename', 'file'], mode: 'write' },
  { name: 'save', callee: /^(torch|onnx|torch\.jit)\./, position: 1, keywords: ['f'], mode: 'write' },
  { name: 'save', callee: /^(np|numpy)\./, position: 0, keywords: ['file'], mode: 'write' },
  { name: 'savez', position: 0, keywords: ['file'], mode: 'write' },
  { name: 'savez_compressed', position: 0, keywords: ['file'], mode: 'write' },
  { name: 'savetxt', position: 0, mode: 'write' },
  { name: 'save', callee: /^(?!(torch|onnx|np|numpy)\.)[\w.]*(model|net|pipeline|clf|classifier)\w*\.save$/i, position: 0, keywords: ['filepath'], mode: 'write' },
  { name: 'save_model', position: 0, keywords: ['fname', 'filename'], mode: 'write' },
  { name: 'load_model', position: 0, keywords: ['fname', 'filepath', 'path'], mode: 'read' },
  { name: 'save_weights', position: 0, mode: 'write' },
  { name: 'load_weights', position: 0, mode: 'read' },
  { name: 'save_pretrained', position: 0, mode: 'write' },
  { name: 'YOLO', position: 0, keywords: ['model'], mode: 'read' },
  { name: 'Interpreter', position: -1, keywords: ['model_path'], mode: 'read' },
  { name: 'Llama', position: -1, keywords: ['model_path'], mode: 'read' },
  { name: 'load', callee: /(saved_model|Word2Vec|KeyedVectors|FastText|Doc2Vec)\.load$/, position: 0, mode: 'read' },
  { name: 'load_word2vec_format', position: 0, mode: 'read' },
  { name: 'readNet', position: 0, mode: 'read' },
  { name: 'readNetFromCaffe', position: 1, mode: 'read' },
  { name: 'readNetFromONNX', position: 0, mode: 'read' },
  { name: 'readNetFromDarknet', position: 1, mode: 'read' },
  { name: 'load_checkpoint', position: 0, mode: 'read' },
  { name: 'load_from_checkpoint', position: 0, keywords: ['checkpoint_path'], mode: 'read' },
  { name: 'read_model', position: 0, mode: 'read' },
  { name: 'Booster', position: -1, keywords: ['model_file'], mode: 'read' },
  { name: 'InferenceSession', position: 0, keywords: ['path_or_bytes'], mode: 'read' },
  { name: 'load_file', position: 0, mode: 'read' },
  { name: 'save_file', position: 1, keywords: ['filename'], mode: 'write' },
  { name: 'read_csv', position: 0, keywords: ['filepath_or_buffer'], mode: 'read' },
  { name: 'read_parquet', position: 0, mode: 'read' },
  { name: 'read_excel', position: 0, mode: 'read' },
  { name: 'read_json', position: 0, mode: 'read' },
  { name: 'read_pickle', position: 0, mode: 'read' },
  { name: 'to_csv', position: 0, mode: 'write' },
  { name: 'to_parquet', position: 0, mode: 'write' },
  { name: 'to_pickle', position: 0, mode: 'write' },
  { name: 'to_json', position: 0, mode: 'write' },
  { name: 'savefig', position: 0, mode: 'write' },
  { name: 'loadtxt', position: 0, mode: 'read' },
  { name: 'genfromtxt', position: 0, mode: 'read' },
  { name: 'export', callee: /^torch\.onnx\.export$/, position: 2, keywords: ['f'], mode: 'write' },
]; // prettier-ignore

/** Methods of a path, and whether they read or write it. */
export const PATH_METHODS: Readonly<Record<string, 'read' | 'write'>> = {
  read_bytes: 'read',
  read_text: 'read',
  write_bytes: 'write',
  write_text: 'write',
};
