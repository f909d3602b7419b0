import type { FileTree } from '../files.ts';
import { type ByteReader, latinOf, readerOf } from './bytes.ts';
import type { ModelFacts } from './model.ts';

/** A file that may be a model, and what its reader needs to know of it. */
export interface ModelSource {
  tree: FileTree;
  path: string;
  bytes: number;
  /** Its first bytes, at most 512. */
  head: Uint8Array;
  open(): ByteReader;
}

/** What a reader found; the rest of `ModelFacts` is empty. */
export type FoundModel = { format: string } & Partial<Omit<ModelFacts, 'path' | 'bytes' | 'format'>>;

/** Tells whether a file is of its format, by name and first bytes, and reads it; undefined if it is not after all. */
export type ModelReader = (source: ModelSource) => Promise<FoundModel | undefined>;

const HEAD_BYTES = 512;

export async function sourceOf(tree: FileTree, path: string, bytes: number): Promise<ModelSource | undefined> {
  const head = await tree.bytes(path, 0, HEAD_BYTES);
  if (head === undefined) return undefined;
  return { tree, path, bytes, head, open: () => readerOf(tree, path, bytes) };
}

/** The facts of a model, with nothing in what its reader did not find. */
export function factsOf({ path, bytes }: Pick<ModelSource, 'path' | 'bytes'>, found: FoundModel): ModelFacts {
  return {
    path, bytes, framework: undefined, details: {}, inputs: [], outputs: [], dangerous: [], modules: [], problem: undefined, ...found,
  }; // prettier-ignore
}

/** A file's end, the part that comes with lists of contents and versions. */
export async function tailOf({ tree, path, bytes }: ModelSource, length: number): Promise<Uint8Array> {
  const start = Math.max(0, bytes - length);
  return (await tree.bytes(path, start, bytes - start)) ?? new Uint8Array();
}

export function startsWith(bytes: Uint8Array, magic: string): boolean {
  return latinOf(bytes.subarray(0, magic.length)) === magic;
}
