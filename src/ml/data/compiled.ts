/** A distribution that is compiled when it is installed and needs NVIDIA's compiler for that. */
export interface CudaCompiled {
  distribution: string;
  /** Versions that have no wheel with the code in it. */
  versions?: string;
  /** Without CUDA there it installs too, with less in it. */
  optional?: true;
  /** Its build imports torch, which therefore has to be there before, and not in a place apart (`--no-build-isolation`). */
  againstTorch?: true;
  why: string;
}

// Source: the installation pages and the files of each project on the package index. Date: 2026-11.
export const CUDA_COMPILED: readonly CudaCompiled[] = [
  { distribution: 'apex', againstTorch: true, why: 'it is compiled with nvcc' },
  { distribution: 'causal-conv1d', againstTorch: true, why: 'it has no wheel on the index and is compiled with nvcc' },
  { distribution: 'deepspeed', optional: true, why: 'its operations are compiled with nvcc when they are first used' },
  {
    distribution: 'detectron2',
    againstTorch: true,
    optional: true,
    why: 'it has no wheel and is compiled against torch',
  },
  { distribution: 'flash-attn', againstTorch: true, why: 'it has no wheel on the index and is compiled with nvcc' },
  {
    distribution: 'groundingdino-py',
    againstTorch: true,
    optional: true,
    why: 'its operations are compiled against torch',
  },
  { distribution: 'mamba-ssm', againstTorch: true, why: 'it has no wheel on the index and is compiled with nvcc' },
  {
    distribution: 'mmcv',
    againstTorch: true,
    optional: true,
    why: 'it has no wheel on the index and is compiled against torch',
  },
  {
    distribution: 'mmcv-full',
    againstTorch: true,
    optional: true,
    why: 'it has no wheel on the index and is compiled against torch',
  },
  { distribution: 'pycuda', why: 'it is compiled against CUDA' },
  {
    distribution: 'pytorch3d',
    againstTorch: true,
    optional: true,
    why: 'it has no wheel on the index and is compiled against torch',
  },
  {
    distribution: 'torch-cluster',
    againstTorch: true,
    optional: true,
    why: 'it has no wheel on the index and is compiled against torch',
  },
  {
    distribution: 'torch-scatter',
    againstTorch: true,
    optional: true,
    why: 'it has no wheel on the index and is compiled against torch',
  },
  {
    distribution: 'torch-sparse',
    againstTorch: true,
    optional: true,
    why: 'it has no wheel on the index and is compiled against torch',
  },
  { distribution: 'transformer-engine', againstTorch: true, why: 'it is compiled with nvcc' },
];

/** Distributions whose GPU code needs CUDA and cuDNN beside it, by the wheels that bring both, where nothing brings them along. */
export const CUDA_WHEELS: readonly { distribution: string; versions?: string; wheels: readonly string[]; why: string }[] = [
  { distribution: 'ctranslate2', versions: '>=4.5', wheels: ['nvidia-cublas-cu12', 'nvidia-cudnn-cu12>=9,<10'], why: 'it loads cuBLAS and cuDNN 9 of CUDA 12' },
  { distribution: 'ctranslate2', versions: '>=4,<4.5', wheels: ['nvidia-cublas-cu12', 'nvidia-cudnn-cu12>=8,<9'], why: 'it loads cuBLAS and cuDNN 8 of CUDA 12' },
  { distribution: 'faster-whisper', versions: '>=1.1', wheels: ['nvidia-cublas-cu12', 'nvidia-cudnn-cu12>=9,<10'], why: 'it loads cuBLAS and cuDNN 9 of CUDA 12' },
  { distribution: 'onnxruntime-gpu', versions: '>=1.19', wheels: ['nvidia-cublas-cu12', 'nvidia-cudnn-cu12>=9,<10', 'nvidia-cuda-runtime-cu12', 'nvidia-cufft-cu12', 'nvidia-curand-cu12'], why: 'it loads CUDA 12 and cuDNN 9' },
]; // prettier-ignore

/** Compilers that a distribution needs that is built from source, where no table says more. */
export const USUAL_COMPILERS = ['build-essential'] as const;

/** Distributions that are published as sources only, or were for long, and are plain Python: nothing is compiled. Source: the files of their releases, 2026-11. */
export const PLAIN_SOURCES: ReadonlySet<string> = new Set([
  'antlr4-python3-runtime', 'autocorrect', 'bs4', 'clip', 'cog', 'dash-core-components', 'dash-html-components', 'docopt', 'encodec', 'face-recognition-models', 'ffmpy', 'fire', 'future', 'googletrans', 'gtts', 'iopath', 'jieba', 'julius', 'kaggle', 'keras-applications', 'langdetect',
  'lit', 'openai-whisper', 'pafy', 'promise', 'pyahocorasick-py', 'pypdf2', 'pyspark', 'pytextrank', 'python-levenshtein-wheels', 'rouge-score', 'sacremoses', 'seqeval', 'sgmllib3k', 'sklearn', 'speedtest-cli', 'sqlalchemy-utils', 'termcolor', 'translate', 'unidecode',
  'validators', 'wget', 'wikipedia', 'wikipedia-api',
]); // prettier-ignore
