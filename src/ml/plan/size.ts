import { PYTHON_IMAGES } from '../data/base-images.ts';
import { DEBIAN_BYTES } from '../data/debian-bytes.ts';
import type { FileTree } from '../files.ts';
import { contextFiles } from './context-files.ts';
import type { ResolvedPackage } from './package-index.ts';
import type { Decision, ProjectPlan, SizePlan } from './plan.ts';

/** Bytes over the network, and on disk. */
export interface Bytes {
  compressedBytes: number;
  unpackedBytes: number;
}

/** What the packages of an answer take; undefined where too many are not known. */
export interface PackageBytes extends Bytes {
  /** Names of the largest, with what they take on disk. */
  largest: readonly { name: string; unpackedBytes: number }[];
}

/** A tree of compiled files beside each module, as pip makes it. */
const COMPILED_SHARE = 1.3;
/** How much gzip leaves of source, of compiled files, and of weights. */
const TEXT_SHARE = 0.3;
const COMPILED_PACKED = 0.42;
const WEIGHTS_SHARE = 0.93;
/** A figure for a distribution that is built, whose size no index tells. */
const UNKNOWN: Bytes = { compressedBytes: 2_000_000, unpackedBytes: 8_000_000 };
/** Packages share what they bring: each beyond the largest adds less. */
const SHARED_BY_APT = 0.5;
const CUDA_RUNTIME: Bytes = { compressedBytes: 1_900_000_000, unpackedBytes: 4_100_000_000 };
const CUDA_DEVEL: Bytes = { compressedBytes: 4_300_000_000, unpackedBytes: 9_200_000_000 };
/** Programs that serve bare models and functions. */
const SERVING_BYTES = 300_000;

/** Adds up what wheels take, with the compiled files beside their modules. */
export function packageBytes(packages: readonly ResolvedPackage[]): PackageBytes {
  const rows = packages.map(({ name, wheel }) => ({ name, ...bytesOf(wheel) }));
  return { ...total(rows), largest: rows.toSorted((a, b) => b.unpackedBytes - a.unpackedBytes).slice(0, 5) };
}

function bytesOf(wheel: ResolvedPackage['wheel']): Bytes {
  if (wheel?.unpackedBytes == null) return wheel?.compressedBytes == null ? UNKNOWN : { compressedBytes: wheel.compressedBytes, unpackedBytes: wheel.compressedBytes * 3.6 }; // prettier-ignore
  const compiled = (wheel.pythonBytes ?? 0) * COMPILED_SHARE;
  const packed = wheel.compressedBytes ?? wheel.unpackedBytes / 3.6;
  return { compressedBytes: packed + compiled * COMPILED_PACKED, unpackedBytes: wheel.unpackedBytes + compiled };
}

function total(parts: readonly Bytes[]): Bytes {
  return {
    compressedBytes: Math.round(parts.reduce((sum, part) => sum + part.compressedBytes, 0)),
    unpackedBytes: Math.round(parts.reduce((sum, part) => sum + part.unpackedBytes, 0)),
  };
}

export interface SizeQuestion {
  tree: FileTree;
  plan: ProjectPlan;
  packages: PackageBytes;
  /** The same for what the usual index gives without any choice: CUDA and all. */
  usualPackages: PackageBytes;
}

/** How large the image will be, and how large the one of the usual tutorial: the full base, the usual index, everything in the folder. */
export async function forecastSize({ tree, plan, packages, usualPackages }: SizeQuestion): Promise<SizePlan> {
  const apt = aptBytes(plan.apt);
  const own = total([
    baseBytes(plan, false),
    apt,
    packages,
    ofFiles((await contextFiles(tree, plan)).kept),
    servingBytes(plan),
  ]);
  const everything = ofFiles(tree.files);
  const usual = total([baseBytes(plan, true), apt, usualPackages, everything]);
  return { ...own, usual };
}

function baseBytes({ base, python }: ProjectPlan, isUsual: boolean): Bytes {
  if (base.startsWith('nvidia/cuda:')) return base.includes('-devel-') ? CUDA_DEVEL : CUDA_RUNTIME;
  const row = PYTHON_IMAGES.find((one) => one.python === python.version) ?? PYTHON_IMAGES.at(-1);
  if (row === undefined) return UNKNOWN;
  return isUsual ? row.full : row;
}

function aptBytes(names: readonly string[]): Bytes {
  const rows = names.map((name): Bytes => {
    const row = Object.hasOwn(DEBIAN_BYTES, name) ? DEBIAN_BYTES[name] : undefined;
    return row === undefined ? UNKNOWN : { compressedBytes: row[0] * 1000, unpackedBytes: row[1] * 1000 };
  });
  const [largest, ...others] = rows.toSorted((a, b) => b.unpackedBytes - a.unpackedBytes);
  if (largest === undefined) return { compressedBytes: 0, unpackedBytes: 0 };
  const rest = total(others);
  return total([largest, { compressedBytes: rest.compressedBytes * SHARED_BY_APT, unpackedBytes: rest.unpackedBytes * SHARED_BY_APT }]); // prettier-ignore
}

const WEIGHTS =
  /\.(?:onnx|pt|pth|bin|safetensors|pkl|joblib|h5|keras|gguf|npz|parquet|zip|gz|png|jpe?g|mp[34]|ckpt|pb|tflite|ubj)$/i;

function ofFiles(files: readonly { path: string; bytes: number }[]): Bytes {
  return total(files.map(({ path, bytes }) => ({ unpackedBytes: bytes, compressedBytes: bytes * (WEIGHTS.test(path) ? WEIGHTS_SHARE : TEXT_SHARE) }))); // prettier-ignore
}

function servingBytes({ start }: ProjectPlan): Bytes {
  const is = start?.kind === 'model' || start?.kind === 'handler';
  return { unpackedBytes: is ? SERVING_BYTES : 0, compressedBytes: is ? SERVING_BYTES * TEXT_SHARE : 0 };
}

/** The forecast as a decision: `2.1 GB → 0.4 GB`, with what takes most of it. */
export function sizeDecision(size: SizePlan, { largest }: PackageBytes): Decision {
  const own = humanBytes(size.unpackedBytes);
  const isSame = size.usual === null || Math.abs(size.usual.unpackedBytes - size.unpackedBytes) < 0.05 * size.unpackedBytes;
  const usual = size.usual === null || isSame ? '' : `${humanBytes(size.usual.unpackedBytes)} → `;
  const most = largest.filter(({ unpackedBytes }) => unpackedBytes > 20_000_000).slice(0, 3).map(({ name, unpackedBytes }) => `${name} ${humanBytes(unpackedBytes)}`);
  return {
    subject: 'size', choice: `${usual}${own}`,
    why: `${humanBytes(size.compressedBytes)} over the network${most.length === 0 ? '' : `; most of it: ${most.join(', ')}`}${usual === '' ? '' : "; first what the usual tutorial's Dockerfile would make"}`,
  };
} // prettier-ignore

/** `0.19 GB`, `3.1 GB`, `84 MB`. */
export function humanBytes(bytes: number): string {
  if (bytes >= 10_000_000_000) return `${Math.round(bytes / 1e9)} GB`;
  if (bytes >= 1_000_000_000) return `${(bytes / 1e9).toFixed(1)} GB`;
  if (bytes >= 100_000_000) return `${(bytes / 1e9).toFixed(2)} GB`;
  return bytes >= 1_000_000 ? `${Math.round(bytes / 1e6)} MB` : `${Math.max(1, Math.round(bytes / 1000))} kB`;
}
