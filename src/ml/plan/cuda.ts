import { CUDA_DRIVERS, MINOR_COMPATIBILITY_FLOORS, TORCH_ARCHITECTURES } from '../data/cuda.ts';
import { JAX_CUDA_EXTRAS } from '../data/jax.ts';
import { ONNXRUNTIME_GPU } from '../data/onnxruntime.ts';
import { TENSORFLOW_RELEASES } from '../data/tensorflow.ts';
import { TORCH_RELEASES } from '../data/torch.ts';
import { compareVersions } from '../version.ts';
import type { KnownPackages } from './known-packages.ts';
import type { Decision, Evidence, Finding } from './plan.ts';

/** The GPU of the machine that the plan is made for, as far as it is known. */
export interface HostGpu {
  /** Version of NVIDIA's driver: `535.104.05`. */
  driver?: string | undefined;
  /** `8.6` */
  computeCapability?: string | undefined;
  name?: string | undefined;
}

export interface CudaChoice {
  /** Two numbers, such as `12.1`; null where nothing here needs CUDA. */
  cuda: string | null;
  decisions: readonly Decision[];
  findings: readonly Finding[];
}

export interface CudaQuestion {
  packages: KnownPackages;
  /** Addresses of indexes that wheels come from. */
  indexes: readonly string[];
  host: HostGpu;
}

interface Needed {
  cuda: string;
  why: string;
  evidence: Evidence | undefined;
  /** Whether the wheels are those of PyTorch, whose architectures are known. */
  isTorch: boolean;
  findings?: readonly Finding[];
}

/** Which CUDA the wheels of a GPU image bring or need, and what that asks of the machine that it runs on. */
export function planCuda({ packages, indexes, host }: CudaQuestion): CudaChoice {
  const needed = torchCuda(packages, indexes) ?? tensorflowCuda(packages) ?? onnxruntimeCuda(packages) ?? jaxCuda(packages);
  if (needed === undefined) return { cuda: null, decisions: [], findings: [] };
  const { cuda, why, evidence } = needed;
  const floor = driverFloor(cuda) ?? 'one of its time';
  const architectures = needed.isTorch ? architecturesOf(cuda) : undefined;
  const runsOn = architectures === undefined ? '' : `, and GPUs of compute capability ${architectures.from} to ${architectures.to}${architectures.ptx ? ' or later' : ''}`;
  const decision: Decision = { subject: 'accelerator', choice: `CUDA ${cuda}`, why: `${why}; it needs driver ${floor} or later${runsOn}`, evidence, source: 'NVIDIA, "CUDA Compatibility", and release notes of PyTorch; 2026-11' };
  return { cuda, decisions: [decision], findings: [...(needed.findings ?? []), ...hostFindings(needed, host)] };
} // prettier-ignore

/** `118` → `11.8`. */
export function dotted(digits: string): string {
  return `${digits.slice(0, -1)}.${digits.slice(-1)}`;
}

/** Oldest driver that runs programs of a CUDA version: by minor version compatibility since CUDA 11, the toolkit's own before. */
export function driverFloor(cuda: string): string | undefined {
  const floor = MINOR_COMPATIBILITY_FLOORS[cuda.split('.')[0] ?? ''];
  return floor ?? CUDA_DRIVERS.findLast(([toolkit]) => toolkit.startsWith(`${cuda}.`))?.[1];
}

function architecturesOf(cuda: string): (typeof TORCH_ARCHITECTURES)[number] | undefined {
  return TORCH_ARCHITECTURES.findLast((row) => compareVersions(row.cuda, cuda) <= 0);
}

function torchCuda(packages: KnownPackages, indexes: readonly string[]): Needed | undefined {
  const torch = packages.get('torch');
  if (torch === undefined) return undefined;
  const { version, evidence } = torch;
  const local = /\+cu(\d{2,3})/.exec(version ?? '')?.[1] ?? indexes.map((url) => /\/whl\/(?:nightly\/)?cu(\d{2,3})\b/.exec(url)?.[1]).find((found) => found !== undefined);
  if (local !== undefined) return { cuda: dotted(local), why: 'the wheels of torch are built for it', evidence, isTorch: true };
  const known = version === null ? TORCH_RELEASES.at(-1) : TORCH_RELEASES.findLast((row) => compareVersions(row.version, version) <= 0);
  if (known === undefined) return undefined;
  const newest = TORCH_RELEASES.at(-1)?.version ?? '';
  const isNewer = version !== null && compareVersions(version, newest) > 0;
  return {
    cuda: known.usual, evidence, isTorch: true, why: `torch ${version ?? known.version} of the usual index is built for it`,
    findings: isNewer ? [newerThanKnown({ name: 'torch', version, evidence }, newest)] : [],
  };
} // prettier-ignore

/** Says that a table ends before a version, and that its last row was taken. */
function newerThanKnown(
  { name, version, evidence }: { name: string; version: string; evidence: Evidence | undefined },
  newest: string,
): Finding {
  return {
    code: 'newer-than-known', severity: 'warning', file: evidence?.file ?? null, line: evidence?.line ?? null, fix: null,
    message: `${name} ${version} is newer than what is known here (${newest}): what holds for that one is assumed`,
  }; // prettier-ignore
}

function tensorflowCuda(packages: KnownPackages): Needed | undefined {
  const tensorflow = packages.get('tensorflow-gpu') ?? packages.get('tensorflow');
  if (tensorflow === undefined) return undefined;
  const { version, evidence, name } = tensorflow;
  const row = version === null ? TENSORFLOW_RELEASES.at(-1) : TENSORFLOW_RELEASES.findLast((one) => compareVersions(one.version, version) <= 0);
  const newest = TENSORFLOW_RELEASES.at(-1)?.version ?? '';
  const [major, minor] = (version ?? '').split('.');
  const isNewer = version !== null && compareVersions(`${major}.${minor}`, newest.split('.').slice(0, 2).join('.')) > 0;
  return row && { cuda: row.cuda, why: `${name} ${version ?? row.version} is built for it`, evidence, isTorch: false, findings: isNewer ? [newerThanKnown({ name, version, evidence }, newest)] : [] };
} // prettier-ignore

function onnxruntimeCuda(packages: KnownPackages): Needed | undefined {
  const known = packages.get('onnxruntime-gpu');
  if (known === undefined) return undefined;
  const { version, evidence } = known;
  const row = version === null ? ONNXRUNTIME_GPU.at(-1) : ONNXRUNTIME_GPU.findLast((one) => compareVersions(one.since, version) <= 0);
  return row && { cuda: row.cuda, why: `onnxruntime-gpu ${version ?? ''} of the usual index is built for it`.replace('  ', ' '), evidence, isTorch: false };
} // prettier-ignore

function jaxCuda(packages: KnownPackages): Needed | undefined {
  const jax = packages.get('jax');
  const extra = jax?.extras.find((name) => Object.hasOwn(JAX_CUDA_EXTRAS, name));
  if (jax === undefined || extra === undefined) return undefined;
  return { cuda: `${JAX_CUDA_EXTRAS[extra] ?? ''}.0`, why: `jax[${extra}] brings it along`, evidence: jax.evidence, isTorch: false }; // prettier-ignore
}

function hostFindings({ cuda, evidence, isTorch }: Needed, { driver, computeCapability, name = 'the GPU here' }: HostGpu): Finding[] {
  const place = { file: evidence?.file ?? null, line: evidence?.line ?? null };
  const floor = driverFloor(cuda);
  const architectures = isTorch ? architecturesOf(cuda) : undefined;
  const found: Finding[] = [];
  if (driver !== undefined && floor !== undefined && compareVersions(driver, floor) < 0)
    found.push({ code: 'cuda-driver', severity: 'error', ...place, message: `CUDA ${cuda} needs driver ${floor} or later, and this host has ${driver}`, fix: 'update the driver, or take wheels for an older CUDA' });
  if (computeCapability === undefined || architectures === undefined) return found;
  const isOlder = compareVersions(computeCapability, architectures.from) < 0;
  const isNewer = compareVersions(computeCapability, architectures.to) > 0 && !architectures.ptx;
  if (isOlder || isNewer)
    found.push({
      code: 'cuda-architecture', severity: 'error', ...place, fix: `take a release of torch for ${isOlder ? 'an older' : 'a newer'} CUDA`,
      message: `${name} has compute capability ${computeCapability}, and these wheels hold code for ${architectures.from} to ${architectures.to}: "no kernel image is available"`,
    });
  return found;
} // prettier-ignore
