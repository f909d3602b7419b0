import { InvalidArgumentError } from '#lib/errors.ts';
import type { Finding } from '#dockerfile/lint/finding.ts';
import type { RegistryAuth } from './auth-header.ts';
import type { RunLimits } from './run-limits.ts';

/** Header of `POST /berth/build`: a BuildOrder as base64 of JSON. Secrets travel in it, so it is never logged. */
export const BUILD_ORDER_HEADER = 'x-berth-build';

/** What `POST /berth/build` is asked for. The body is the context as a tar, unless it lies on the engine's host. */
export interface BuildOrder {
  ref: string;
  context: OrderedContext;
  /** `ignore` goes with `text`: it takes the place of the context's own ignore file. */
  dockerfile: { name: string; text?: string; ignore?: string };
  /** As behind `--build-context name=`. Folders as `{ folder }`, all else as text. */
  namedContexts?: Readonly<Record<string, string | HostFolder>>;
  buildArgs?: Readonly<Record<string, string>>;
  labels?: Readonly<Record<string, string>>;
  tags?: readonly string[];
  target?: string;
  /** All steps, or those of the stages named. */
  noCache?: boolean | readonly string[];
  pull?: boolean;
  platforms?: readonly string[];
  hostCa?: boolean;
  limits?: Partial<RunLimits>;
  entitlements?: readonly string[];
  credentials?: Readonly<Record<string, RegistryAuth>>;
  /** Base64 by id. */
  secrets?: Readonly<Record<string, string>>;
  /** Path of the agent's socket on the engine's host, by id. */
  ssh?: Readonly<Record<string, string>>;
  cacheFrom?: readonly OrderedPlace[];
  cacheTo?: readonly OrderedPlace[];
  outputs?: readonly OrderedPlace[];
  attestations?: Readonly<Record<string, Readonly<Record<string, string>>>>;
  packages?: { implicitCaches?: boolean; split?: boolean; locked?: string };
  check?: 'warn' | 'only' | 'error';
  explain?: boolean;
}

export type OrderedContext = { kind: 'body' } | { kind: 'remote'; address: string } | ({ kind: 'folder' } & HostFolder);

/** A folder that both sides see: the engine looks whether it is the same one. */
export interface HostFolder {
  folder: string;
  /** Of its stat(2); text, because inode numbers may exceed what a number holds. */
  device: string;
  inode: string;
}

/** Something with a type and attributes, as in `--output type=tar,dest=x`. */
export interface OrderedPlace {
  type: string;
  attributes: Readonly<Record<string, string>>;
}

/** A line of the answer. Times are milliseconds since epoch; vertices are named by their digest after `started`. */
export type BuildLine =
  | {
      kind: 'started';
      vertex: string;
      name: string;
      inputs: readonly string[];
      isMinor: boolean;
      lines?: { start: number; end: number };
      time: number;
    }
  | {
      kind: 'completed';
      vertex: string;
      time: number;
      isCached: boolean;
      error?: string;
      isCanceled?: boolean;
    }
  /** `bytes` is base64. */
  | { kind: 'log'; vertex: string; stream: 'stdout' | 'stderr'; bytes: string }
  | { kind: 'note'; vertex: string; text: string }
  | {
      kind: 'status';
      vertex: string;
      id: string;
      current: number;
      total: number;
      started: number;
      completed?: number;
    }
  | { kind: 'finding'; finding: Finding }
  | { kind: 'remark'; text: string }
  /** An output waits to be fetched at `/berth/build/{ref}/outputs/{number}`: an archive, or a tree packed as one. */
  | { kind: 'output'; number: number; form: 'archive' | 'tree'; keep: boolean }
  /** The last line of a build that went well. */
  | { kind: 'done'; image?: string; response: Readonly<Record<string, string>>; lock?: string }
  /** The last line of one that did not. */
  | { kind: 'failed'; message: string; why?: string; hint?: string; exitCode?: number };

export function writeBuildOrder(order: BuildOrder): string {
  const bytes = new TextEncoder().encode(JSON.stringify(order));
  return btoa(Array.from(bytes, (byte) => String.fromCodePoint(byte)).join(''));
}

/** @throws {InvalidArgumentError} */
export function readBuildOrder(header: string | string[] | undefined): BuildOrder {
  if (typeof header !== 'string' || header === '')
    throw new InvalidArgumentError(`the header ${BUILD_ORDER_HEADER} is missing`, {
      why: 'it says what is to be built',
      hint: 'build with `berth build`, or with POST /build',
    });
  try {
    const bytes = Uint8Array.from(atob(header), (character) => character.codePointAt(0) ?? 0);
    return JSON.parse(new TextDecoder().decode(bytes)) as BuildOrder;
  } catch (error) {
    throw new InvalidArgumentError(`the header ${BUILD_ORDER_HEADER} is not base64 of JSON`, { cause: error });
  }
}
