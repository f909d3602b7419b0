import { eachRequirement } from '../each-requirement.ts';
import { APP } from '../example-app.ts';
import type { ProjectRule } from '../rule.ts';

const HEAVY: Readonly<Record<string, readonly string[]>> = {
  torch: ['torch', 'torchvision', 'torchaudio', 'lightning', 'pytorch_lightning'], tensorflow: ['tensorflow', 'keras', 'tf_keras'], jax: ['jax', 'flax', 'jaxlib'], pyspark: ['pyspark'],
  'opencv-python': ['cv2'], 'apache-airflow': ['airflow'], mxnet: ['mxnet'], paddlepaddle: ['paddle'], 'tensorflow-gpu': ['tensorflow'], jupyter: ['jupyter', 'notebook', 'IPython'], jupyterlab: ['jupyterlab', 'IPython'],
}; // prettier-ignore
/** Packages that import a framework on behalf of the code. */
const USERS = /^(?:transformers|sentence-transformers|diffusers|accelerate|timm|ultralytics|fastai|peft|trl|keras|tensorboard|flair|easyocr|openai-whisper|bertopic|stable-baselines3|lightning|pytorch-lightning|torch|detectron2|kornia|monai|spacy|bentoml|mlflow|onnx|gradio|facenet-pytorch|deepface|mtcnn|tensorflow-hub|keras-cv|supervision|segmentation-models|albumentations|mediapipe)/; // prettier-ignore

export const unusedHeavyPackage: ProjectRule = {
  code: 'unused-heavy-package',
  severity: 'note',
  title: 'large packages are used',
  why: 'A framework that nothing imports costs the image hundreds of megabytes to some gigabytes.',
  good: { 'app.py': `import torch\n${APP}`, 'requirements.txt': 'flask==3.0.3\ntorch==2.5.1\n' },
  bad: { 'app.py': APP, 'requirements.txt': 'flask==3.0.3\ntorch==2.5.1\n' },
  *check(subject) {
    const { facts, listed } = subject;
    const imported = new Set([...facts.modules.flatMap(({ imports }) => imports), ...facts.notebooks.flatMap(({ module }) => module.imports)].map(({ module }) => module.split('.')[0] ?? '')); // prettier-ignore
    if (facts.modules.length === 0 || facts.models.length > 0) return;
    yield* eachRequirement(subject, ({ name }) => {
      const modules = Object.hasOwn(HEAVY, name) ? HEAVY[name] : undefined;
      const isUsed = modules === undefined || modules.some((module) => imported.has(module)) || [...listed].some((other) => other !== name && USERS.test(other)); // prettier-ignore
      return isUsed ? undefined : { message: `${name} is installed, and nothing imports it`, fix: `remove ${name}, or move it into requirements of its own` }; // prettier-ignore
    });
  },
};
