/** Distributions that are published as wheels only, or whose sources nobody builds in an image. Source: the files of their releases, 2026-11. */
export const NO_SOURCE_RELEASES: ReadonlySet<string> = new Set([
  'torch', 'torchvision', 'torchaudio', 'torchtext', 'torchdata', 'triton', 'xformers', 'vllm', 'tensorflow', 'tensorflow-cpu', 'tensorflow-gpu', 'tensorflow-text',
  'tflite-runtime', 'jaxlib', 'onnxruntime', 'onnxruntime-gpu', 'ray', 'mediapipe', 'paddlepaddle', 'mxnet', 'autogluon',
]); // prettier-ignore
