import type { Digest } from '#oci/digest.ts';
import type { Candidates, Donor } from '../matcher.ts';
import type { FileKey } from './file-key.ts';

/** Files of one layer that others can share, four words each: key by name, key by path, number in `sources`, block in that layer's file. */
export interface LayerCandidates {
  words: Uint32Array;
  /** Layers in whose files the contents lie; the layer itself or donors of its. */
  sources: readonly Digest[];
}

/** A place where the content may be found. */
export interface Candidate {
  /** Index in the donors of the candidates. */
  donor: number;
  /** In the donor's file, bytes. */
  offset: number;
  isSamePath: boolean;
}

export const WORDS = 4;
/** Most files a table holds, 32 bytes each; what comes last is left out. */
const FILES_LIMIT = 512 * 1024;
/** Most places of the same name and size that are remembered, so that no image makes searches slow. */
const PLACES_LIMIT = 8;
const BLOCK = 512;

/**
 * Makes one table of many layers' files; of the layers first given most is kept.
 * @param donorOf where a layer's file is; undefined leaves out what lies there
 */
export function createCandidateTable(
  layers: readonly LayerCandidates[],
  donorOf: (diffId: Digest) => Donor | undefined,
): Candidates {
  const files = layers.reduce((sum, { words }) => sum + words.length / WORDS, 0);
  const capacity = 2 ** Math.ceil(Math.log2(Math.max(16, 2 * Math.min(files, FILES_LIMIT))));
  const slots = new Uint32Array(new SharedArrayBuffer(capacity * WORDS * 4));
  const donors: Donor[] = [];
  const numbers = new Map<Digest, number>();
  const numberOf = (diffId: Digest): number => {
    const known = numbers.get(diffId);
    if (known !== undefined) return known;
    const donor = donorOf(diffId);
    const number = donor === undefined ? 0 : donors.push(donor);
    numbers.set(diffId, number);
    return number;
  };
  let room = capacity / 2;
  for (const { words, sources } of layers) {
    const donorNumbers = sources.map(numberOf);
    for (let at = 0; at < words.length && room > 0; at += WORDS) {
      const donor = donorNumbers[words[at + 2] ?? 0] ?? 0;
      if (donor > 0 && insert(slots, [words[at] ?? 0, words[at + 1] ?? 0, donor, words[at + 3] ?? 0])) room -= 1;
    }
  }
  return { donors, table: slots.buffer };
}

/** @returns whether it was new and had room among those of its name */
function insert(slots: Uint32Array, [name, path, donor, block]: readonly [number, number, number, number]): boolean {
  const mask = slots.length / WORDS - 1;
  let places = 0;
  for (let slot = name & mask; ; slot = (slot + 1) & mask) {
    const at = slot * WORDS;
    if (slots[at + 2] === 0) {
      slots[at] = name;
      slots[at + 1] = path;
      slots[at + 2] = donor;
      slots[at + 3] = block;
      return true;
    }
    if (slots[at] !== name) continue;
    places += 1;
    const isSamePlace = slots[at + 2] === donor && slots[at + 3] === block;
    if (places === PLACES_LIMIT || isSamePlace) return false;
  }
}

/** Where content of that key may lie, those of the same path first; `words` are a table's. */
export function findCandidates(words: Uint32Array, { name, path }: FileKey): Candidate[] {
  const mask = words.length / WORDS - 1;
  const found: Candidate[] = [];
  for (let slot = name & mask; ; slot = (slot + 1) & mask) {
    const at = slot * WORDS;
    const donor = words[at + 2] ?? 0;
    if (donor === 0) return found;
    if (words[at] !== name) continue;
    const candidate = { donor: donor - 1, offset: (words[at + 3] ?? 0) * BLOCK, isSamePath: words[at + 1] === path };
    if (candidate.isSamePath) found.unshift(candidate);
    else found.push(candidate);
  }
}
