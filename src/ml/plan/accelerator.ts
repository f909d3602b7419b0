import { JAX_CUDA_EXTRAS } from '../data/jax.ts';
import { ACCELERATED } from '../data/transitive-frameworks.ts';
import { type ProjectFacts, reachable } from '../detect/project.ts';
import type { DeviceUse, PythonModule } from '../python/module.ts';
import type { KnownPackage, KnownPackages } from './known-packages.ts';
import type { Accelerator, Decision, Evidence, Finding } from './plan.ts';

export interface AcceleratorChoice {
  accelerator: Accelerator;
  decision: Decision;
  findings: readonly Finding[];
}

export interface AcceleratorQuestion {
  facts: ProjectFacts;
  packages: KnownPackages;
  /** The program that is served, else the one that trains: what it reaches decides. */
  programs: readonly PythonModule[];
  /** What the caller insists on. */
  wish: 'cpu' | 'gpu' | undefined;
}

interface Sign {
  accelerator: Accelerator;
  why: string;
  evidence: Evidence | undefined;
}

/** Distributions whose name alone says that a GPU is meant. */
const FOR_GPU: Readonly<Record<string, string>> = {
  apex: 'apex runs on GPUs only',
  cudf: 'cuDF runs on GPUs only',
  cuml: 'cuML runs on GPUs only',
  cupy: 'CuPy runs on GPUs only',
  'faiss-gpu': 'faiss-gpu is the build for GPUs',
  'flash-attn': 'flash-attn runs on GPUs only',
  'onnxruntime-gpu': 'onnxruntime-gpu is the build for GPUs',
  'paddlepaddle-gpu': 'paddlepaddle-gpu is the build for GPUs',
  pycuda: 'PyCUDA runs on GPUs only',
  tensorrt: 'TensorRT runs on GPUs only',
  'tensorflow-gpu': 'tensorflow-gpu is the build for GPUs',
  'transformer-engine': 'Transformer Engine runs on GPUs only',
  vllm: 'the wheels of vLLM run on GPUs only',
};

/** Whether packages and code are meant for a GPU: what the project says first, then what its code cannot do without, then processors alone. */
export function planAccelerator(question: AcceleratorQuestion): AcceleratorChoice {
  const { facts, packages, programs, wish } = question;
  const devices = devicesOf(facts, programs);
  const demanded = devices.find(({ use }) => use.kind === 'demanded');
  const sign = wished(wish) ?? rocmSign(facts, packages) ?? cpuSign(facts, packages) ?? gpuSign(facts, packages) ?? codeSign(demanded) ?? plainSign(packages, devices);
  const { accelerator, why, evidence } = sign;
  return {
    accelerator,
    decision: { subject: 'accelerator', choice: accelerator, why, evidence },
    findings: accelerator === 'cpu' && demanded !== undefined ? [unguarded(demanded, why)] : [],
  };
} // prettier-ignore

function wished(wish: 'cpu' | 'gpu' | undefined): Sign | undefined {
  return wish === undefined ? undefined : { accelerator: wish, why: 'asked for', evidence: undefined };
}

/** Addresses that a manifest names as indexes, and pages that list files (`--find-links`). */
function namedPlaces(facts: ProjectFacts): (Evidence & { url: string })[] {
  return [...namedIndexes(facts), ...(facts.manifest?.index.findLinks ?? [])];
}

/** Addresses that a manifest names as indexes, the more special ones first. */
export function namedIndexes(facts: ProjectFacts): (Evidence & { url: string })[] {
  const index = facts.manifest?.index;
  if (index === undefined) return [];
  const place = { file: facts.manifest?.path ?? '', line: 1 };
  const names = new Set(
    [...(facts.manifest?.requirements ?? []), ...(facts.manifest?.lock?.packages ?? [])].map(({ name }) => name),
  );
  const sources = [...index.sources].filter(([name]) => names.has(name)).map(([, url]) => ({ url, ...place }));
  return [...sources, ...(index.index === undefined ? [] : [index.index]), ...index.extra];
}

function withLocal(packages: KnownPackages, pattern: RegExp): KnownPackage | undefined {
  return [...packages.values()].find(({ version, url }) => pattern.test(version ?? '') || (url !== undefined && pattern.test(url)));
} // prettier-ignore

function rocmSign(facts: ProjectFacts, packages: KnownPackages): Sign | undefined {
  const named = withLocal(packages, /(?:\+|%2B)rocm\d/i);
  if (named !== undefined) return { accelerator: 'rocm', why: `${named.name} ${named.version ?? ''} is a build for AMD's ROCm`, evidence: named.evidence };
  const index = namedPlaces(facts).find(({ url }) => /\/whl\/(?:nightly\/)?rocm\d/.test(url));
  if (index !== undefined) return { accelerator: 'rocm', why: 'its index holds builds for AMD\'s ROCm', evidence: index };
  const distribution = [...packages.values()].find(({ name }) => name.endsWith('-rocm'));
  return distribution && { accelerator: 'rocm', why: `${distribution.name} is a build for AMD's ROCm`, evidence: distribution.evidence };
} // prettier-ignore

function cpuSign(facts: ProjectFacts, packages: KnownPackages): Sign | undefined {
  const named = withLocal(packages, /(?:\+|%2B)cpu\b/i);
  if (named !== undefined) return { accelerator: 'cpu', why: `${named.name} ${named.version ?? ''} is a build for processors`, evidence: named.evidence };
  const index = namedPlaces(facts).find(({ url }) => /\/whl\/(?:nightly\/)?cpu\b/.test(url));
  if (index !== undefined) return { accelerator: 'cpu', why: 'its index holds builds for processors', evidence: index };
  const own = packages.get('tensorflow-cpu') ?? packages.get('faiss-cpu');
  return own?.name === 'tensorflow-cpu' ? { accelerator: 'cpu', why: 'tensorflow-cpu is the build for processors', evidence: own.evidence } : undefined;
} // prettier-ignore

function gpuSign(facts: ProjectFacts, packages: KnownPackages): Sign | undefined {
  const named = withLocal(packages, /(?:\+|%2B)cu\d{2,3}/i);
  if (named !== undefined) return { accelerator: 'gpu', why: `${named.name} ${named.version ?? ''} is a build for CUDA`, evidence: named.evidence };
  const index = namedPlaces(facts).find(({ url }) => /\/whl\/(?:nightly\/)?cu\d{2,3}\b/.test(url));
  if (index !== undefined) return { accelerator: 'gpu', why: 'its index holds builds for CUDA', evidence: index };
  for (const { name, extras, evidence, source } of packages.values()) {
    const why = Object.hasOwn(FOR_GPU, name) ? FOR_GPU[name] : cupyOrExtra(name, extras);
    if (why !== undefined && source === 'direct') return { accelerator: 'gpu', why, evidence };
  }
  const said = facts.manifest?.gpu;
  return said && { accelerator: 'gpu', why: said.what, evidence: said };
} // prettier-ignore

function cupyOrExtra(name: string, extras: readonly string[]): string | undefined {
  if (/^(?:cupy|cudf|cuml|jax)-cuda\d+|^cu(?:df|ml)-cu\d+|^torch-cuda/.test(name)) return `${name} is the build for GPUs`;
  const extra = extras.find((one) => (name === 'jax' && Object.hasOwn(JAX_CUDA_EXTRAS, one)) || (name === 'tensorflow' && one === 'and-cuda') || (name === 'rembg' && one === 'gpu'));
  return extra === undefined ? undefined : `${name}[${extra}] brings CUDA along`;
} // prettier-ignore

interface PlacedDevice {
  use: DeviceUse;
  file: string;
}

function devicesOf(facts: ProjectFacts, programs: readonly PythonModule[]): PlacedDevice[] {
  const modules = new Set(programs.flatMap((program) => reachable(facts, program)));
  return [...modules].flatMap((module) => module.devices.map((use) => ({ use: { ...use, kind: kindIn(module, use) }, file: module.path }))); // prettier-ignore
}

/** What a function is called with is the caller's choice, and so is a method of the project's own that only passes the wish on. */
function kindIn({ functions, classes }: PythonModule, { kind, text }: DeviceUse): DeviceUse['kind'] {
  if (kind !== 'demanded') return kind;
  if (text.startsWith('super().cuda(')) return 'optional';
  if (/["']|\.cuda\(/.test(text)) return kind;
  const name = /\bdevice\s*=\s*(\w+)\b(?!\.)/.exec(text)?.[1] ?? /\(\s*(\w+)\s*\)?$/.exec(text)?.[1];
  const all = [...functions, ...classes.flatMap(({ methods }) => methods)];
  return all.some(({ parameters }) => parameters.some((parameter) => parameter.name === name)) ? 'optional' : kind;
}

function codeSign(demanded: PlacedDevice | undefined): Sign | undefined {
  if (demanded === undefined) return undefined;
  const { use, file } = demanded;
  return { accelerator: 'gpu', why: `the code does not run without one: ${use.text}`, evidence: { file, line: use.line } };
} // prettier-ignore

function plainSign(packages: KnownPackages, devices: readonly PlacedDevice[]): Sign {
  const framework = [...packages.values()].find(({ name }) => ACCELERATED.has(name)) ?? [...packages.values()].find(({ name }) => LEARNING.has(name)); // prettier-ignore
  if (framework === undefined)
    return { accelerator: 'none', why: 'nothing that is installed computes on a GPU', evidence: undefined };
  const optional = devices.find(({ use }) => use.kind === 'optional');
  if (optional !== undefined)
    return { accelerator: 'cpu', why: `a GPU is used only if there is one: ${optional.use.text}`, evidence: { file: optional.file, line: optional.use.line } }; // prettier-ignore
  const via = framework.source === 'transitive' ? `${framework.name} comes along` : `${framework.name} is there`;
  return { accelerator: 'cpu', why: `${via}, and nothing asks for a GPU`, evidence: framework.evidence };
}

/** Frameworks that learn and predict on processors, and never choose between builds. */
const LEARNING: ReadonlySet<string> = new Set(['scikit-learn', 'xgboost', 'lightgbm', 'catboost', 'onnx', 'spacy', 'gensim', 'statsmodels', 'prophet', 'fasttext', 'transformers', 'sentence-transformers', 'ultralytics', 'nltk', 'mediapipe', 'easyocr', 'skops']); // prettier-ignore

function unguarded({ use, file }: PlacedDevice, why: string): Finding {
  return {
    code: 'unguarded-cuda', severity: 'warning', file, line: use.line,
    message: `${use.text} fails without a GPU, and this is an image for processors (${why})`,
    fix: 'choose the device by torch.cuda.is_available(), or plan with --gpu',
  }; // prettier-ignore
}
