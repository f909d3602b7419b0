import { CUDA_IMAGES, type CudaImage, PYTHON_IMAGES } from '../data/base-images.ts';
import { CUDA_COMPILED, CUDA_WHEELS } from '../data/compiled.ts';
import { ONNXRUNTIME_GPU } from '../data/onnxruntime.ts';
import { FIRST_WITH_CUDA_WHEELS, TENSORFLOW_RELEASES } from '../data/tensorflow.ts';
import { compareVersions, meets } from '../version.ts';
import type { KnownPackage, KnownPackages } from './known-packages.ts';
import type { Accelerator, Decision, Evidence, Finding } from './plan.ts';

export interface BaseChoice {
  base: string;
  /** Wheels with CUDA that are installed beside the requirements, so that the small image is enough. */
  extra: readonly string[];
  decisions: readonly Decision[];
  findings: readonly Finding[];
}

export interface BaseQuestion {
  python: string;
  packages: KnownPackages;
  accelerator: Accelerator;
  /** Two numbers; null where nothing needs CUDA. */
  cuda: string | null;
}

interface SystemCuda {
  kind: 'runtime' | 'devel';
  cuda: string;
  why: string;
  evidence: Evidence | undefined;
}

const SLIM_SOURCE = 'the tags of the official image; 2026-11';

/** The small image of that Python, unless something finds CUDA neither in wheels nor compiled. */
export function planBase(question: BaseQuestion): BaseChoice {
  const { python, packages, accelerator } = question;
  const system = accelerator === 'gpu' ? systemCuda(question) : undefined;
  const image = system === undefined ? undefined : cudaImage(system.cuda, python);
  if (system !== undefined && image !== undefined) {
    const base = `nvidia/cuda:${image.tag}-${system.kind}-ubuntu${image.ubuntu}`;
    return { base, extra: [], findings: [], decisions: [{ subject: 'base', choice: base, why: system.why, evidence: system.evidence, source: 'the tags of nvidia/cuda; 2026-11' }] };
  }
  const wheels = accelerator === 'gpu' ? cudaWheels(packages) : [];
  const base = `python:${python}-slim`;
  const why = accelerator === 'gpu' ? 'the small Debian image of that Python: the wheels bring CUDA along, and the driver is the host\'s' : 'the small Debian image of that Python: nothing here needs more';
  return {
    base,
    extra: wheels.flatMap(({ choice }) => choice.split(' ')),
    decisions: [{ subject: 'base', choice: base, why, source: SLIM_SOURCE }, ...wheels],
    findings: PYTHON_IMAGES.some((row) => row.python === python) ? [] : [unknownImage(python)],
  };
} // prettier-ignore

function unknownImage(python: string): Finding {
  const newest = PYTHON_IMAGES.at(-1)?.python ?? '';
  return {
    code: 'unknown-base', severity: 'warning', file: null, line: null, message: `whether there is an image python:${python}-slim is not known here`,
    fix: `--python ${newest}, or another version from ${PYTHON_IMAGES[0]?.python ?? ''} on`,
  }; // prettier-ignore
}

function systemCuda({ packages, cuda }: BaseQuestion): SystemCuda | undefined {
  for (const row of CUDA_COMPILED) {
    const known = packages.get(row.distribution);
    if (known !== undefined && isOwn(known) && known.url?.endsWith('.whl') !== true && (row.versions === undefined || meets(known.version ?? '9999', row.versions)))
      return { kind: 'devel', cuda: cuda ?? '12.4', why: `${known.name}: ${row.why}, so the compiler has to be there`, evidence: known.evidence };
  }
  if (packages.has('torch')) return undefined;
  return tensorflowSystem(packages) ?? onnxruntimeSystem(packages);
} // prettier-ignore

function isOwn({ source }: KnownPackage): boolean {
  return source !== 'transitive';
}

function tensorflowSystem(packages: KnownPackages): SystemCuda | undefined {
  const known = packages.get('tensorflow-gpu') ?? packages.get('tensorflow');
  if (known?.version == null || compareVersions(known.version, FIRST_WITH_CUDA_WHEELS) >= 0) return undefined;
  const cuda = cudaOfTensorflow(known.version);
  return cuda === undefined ? undefined : { kind: 'runtime', cuda, why: `${known.name} ${known.version} loads CUDA ${cuda} and cuDNN of the system: its wheels bring neither`, evidence: known.evidence };
} // prettier-ignore

function onnxruntimeSystem(packages: KnownPackages): SystemCuda | undefined {
  const known = packages.get('onnxruntime-gpu');
  if (known?.version == null || compareVersions(known.version, '1.19') >= 0) return undefined;
  const { version } = known;
  const row = ONNXRUNTIME_GPU.findLast(({ since }) => compareVersions(since, version) <= 0);
  return row && { kind: 'runtime', cuda: row.cuda, why: `onnxruntime-gpu ${version} loads CUDA ${row.cuda} and cuDNN of the system: its wheel brings neither`, evidence: known.evidence };
} // prettier-ignore

/** The image of that CUDA, or the nearest later one of the same major version; of several one with the right Python. */
function cudaImage(cuda: string, python: string): CudaImage | undefined {
  const major = cuda.split('.')[0] ?? '';
  const later = CUDA_IMAGES.filter((row) => row.cuda.startsWith(`${major}.`) && compareVersions(row.cuda, cuda) >= 0);
  return later.find((row) => row.cuda === cuda) ?? later.find((row) => row.python === python) ?? later[0];
}

/** Wheels of NVIDIA's where nothing else brings CUDA: a few hundred megabytes instead of an image with all of it. */
function cudaWheels(packages: KnownPackages): Decision[] {
  if (packages.has('torch') || [...packages.keys()].some((name) => name.startsWith('nvidia-cudnn'))) return [];
  const row = CUDA_WHEELS.find(({ distribution, versions }) => {
    const known = packages.get(distribution);
    return known !== undefined && (versions === undefined || meets(known.version ?? '9999', versions));
  });
  if (row === undefined) return [];
  return [{ subject: 'packages', choice: row.wheels.join(' '), why: `${row.distribution}: ${row.why}, and nothing else brings them`, evidence: packages.get(row.distribution)?.evidence }]; // prettier-ignore
}

function cudaOfTensorflow(version: string): string | undefined {
  return TENSORFLOW_RELEASES.findLast((row) => compareVersions(row.version, version) <= 0)?.cuda;
}
