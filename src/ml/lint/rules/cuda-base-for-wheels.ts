import { APP } from '../example-app.ts';
import type { ProjectRule } from '../rule.ts';

const BUNDLING = /^(?:torch|torchvision|torchaudio|jax|ultralytics|sentence-transformers)$/;
const COMPILING = /^(?:flash-attn|apex|detectron2|deepspeed|mmcv|mmcv-full|xformers|pytorch3d|nvidia-dali|cupy|onnxruntime-gpu|ctranslate2|faster-whisper|tensorrt|pycuda|auto-gptq|causal-conv1d|mamba-ssm)/; // prettier-ignore

/** CUDA twice. */
export const cudaBaseForWheels: ProjectRule = {
  code: 'cuda-base-for-wheels',
  severity: 'warning',
  title: 'wheels that bring CUDA do not start from an image with CUDA',
  why: 'torch and jax bring their own CUDA and cuDNN: those of the base are never used, cost 3 to 5 GB, and let the image refuse older drivers.',
  good: { 'app.py': APP, 'requirements.txt': 'torch==2.5.1\n', Dockerfile: 'FROM python:3.12-slim\nCOPY . .\n' },
  bad: { 'app.py': APP, 'requirements.txt': 'torch==2.5.1\n', Dockerfile: 'FROM nvidia/cuda:12.4.1-cudnn-runtime-ubuntu22.04\nCOPY . .\n' },
  *check({ dockerfile, requirements }) {
    const bundling = requirements.find(({ name }) => BUNDLING.test(name));
    if (dockerfile === undefined || bundling === undefined || requirements.some(({ name }) => COMPILING.test(name))) return;
    const at = dockerfile.lines.findLastIndex((line) => /^\s*FROM\s+(?:--\S+\s+)*nvidia\/cuda:/i.test(line));
    if (at !== -1) yield { file: dockerfile.path, line: at + 1, message: `the base brings CUDA, and so does ${bundling.name}`, fix: 'FROM python:3.12-slim: only the driver of the machine is needed' };
  },
}; // prettier-ignore
