import { closeSync, openSync } from 'node:fs';
import { performance } from 'node:perf_hooks';
import { NotFoundError } from '#lib/errors.ts';
import { paddingOf } from '#lib/tar/header.ts';
import { type Candidates, type Donor, DONORS_LIMIT, type Match, type Matcher } from '../matcher.ts';
import { type Candidate, findCandidates } from './candidate-table.ts';
import { createDonorReads, type DonorReads } from './donor-reads.ts';
import { fileKey, SMALLEST_SHARED_BYTES } from './file-key.ts';

export interface MatcherOptions {
  /** Comparing slower than this is given up if the donors must come from the disk: bytes per second. */
  slowestBytesPerSecond?: number;
  /** Blocks of 512 bytes that were read from disks up to now. */
  diskReads?: () => number;
}

interface Speed {
  allowed: number;
  diskReads: () => number;
  /** At the beginning of the sample. */
  diskReadsBefore: number;
  /** Of the sample. */
  bytes: number;
  seconds: number;
  isTooSlow: boolean;
}

const BLOCK = 512;
/**
 * Where donors must come from the disk, so must go there what is written instead: to read is worth it but on a disk whose heads have to move, or that
 * is over a network. Machines that do much else reach about 100 MB/s.
 */
const SLOWEST_BYTES_PER_SECOND = 40e6;
/** How much is compared before the speed is judged, and judged again. */
const SAMPLE_BYTES = 128 * 1024 * 1024;
/** A donor counts as not in memory when that part of it came from the disk. */
const FROM_DISK_PART = 0.25;
/** When that much of a file was equal in several places, one is chosen. */
const DECIDING_BYTES = 64 * 1024;

/** A donor that something was found in. */
interface OpenDonor {
  /** Its number for the layer that comes. */
  number: number;
  fd: number;
}

interface State {
  candidates: Candidates;
  words: Uint32Array;
  /** By index in the candidates' donors. */
  opened: Map<number, OpenDonor>;
  /** In the order of their numbers. */
  used: Donor[];
  reads: DonorReads;
  speed: Speed;
}

/**
 * Opens the search in a table of candidates. Donors get their numbers in the order in which something is found in them, so that of a hundred
 * layers those count that have something in common with the one that comes.
 */
export function createMatcher(
  candidates: Candidates,
  { slowestBytesPerSecond = SLOWEST_BYTES_PER_SECOND, diskReads = countDiskReads }: MatcherOptions = {},
): Matcher {
  const state: State = {
    candidates,
    words: new Uint32Array(candidates.table),
    opened: new Map(),
    used: [],
    reads: createDonorReads(),
    speed: {
      allowed: slowestBytesPerSecond,
      diskReads,
      diskReadsBefore: diskReads(),
      bytes: 0,
      seconds: 0,
      isTooSlow: false,
    },
  };
  return {
    donors: state.used,
    begin: (path, bytes) => begin(state, path, bytes),
    [Symbol.dispose]() {
      for (const { fd } of state.opened.values()) if (fd >= 0) closeSync(fd);
      state.opened.clear();
    },
  };
}

function begin(state: State, path: string, bytes: number): Match | undefined {
  if (bytes < SMALLEST_SHARED_BYTES || state.speed.isTooSlow) return undefined;
  const places = findCandidates(state.words, fileKey(path, bytes)).filter(
    ({ donor, offset }) => offset + bytes <= (state.candidates.donors[donor]?.fileBytes ?? 0) && canShare(state, donor),
  );
  return places.length === 0 ? undefined : new PlaceMatch(state, places, bytes);
}

/** Opens a donor's file when it is first asked for. One that is gone, or one too many, has nothing. */
function canShare(state: State, index: number): boolean {
  const known = state.opened.get(index);
  if (state.used.length >= DONORS_LIMIT && (known?.number ?? -1) < 0) return false;
  if (known !== undefined) return known.fd >= 0;
  const donor = state.candidates.donors[index];
  if (donor === undefined) return false;
  let fd = -1;
  try {
    fd = openSync(donor.path, 'r');
  } catch {
    // Removed meanwhile: the content is written instead.
  }
  state.opened.set(index, { number: -1, fd });
  return fd >= 0;
}

/** Follows several places as long as they are equal, then one. */
class PlaceMatch implements Match {
  readonly #state: State;
  readonly #bytes: number;
  #places: readonly Candidate[];
  #compared = 0;

  constructor(state: State, places: readonly Candidate[], bytes: number) {
    this.#state = state;
    this.#places = places;
    this.#bytes = bytes;
  }

  get #place(): Candidate {
    const [place] = this.#places;
    if (place === undefined) throw new NotFoundError('no place to compare with');
    return place;
  }

  get donor(): number {
    return numberOf(this.#state, this.#place.donor);
  }

  get offset(): number {
    return this.#place.offset;
  }

  get fd(): number {
    return fdOf(this.#state, this.#place.donor);
  }

  compare(piece: Buffer): boolean {
    const start = performance.now();
    const isLast = this.#compared + piece.length >= this.#bytes;
    const equal = this.#places.filter(
      (place) => this.#isEqual(place, piece) && (!isLast || this.#endsInZeros(place, piece.length)),
    );
    judgeSpeed(this.#state.speed, piece.length, (performance.now() - start) / 1000);
    // When the last one fails, what was equal so far still lies there.
    if (equal.length === 0) return false;
    this.#places = equal;
    this.#compared += piece.length;
    if (isLast || this.#compared >= DECIDING_BYTES) this.#places = [this.#preferred(equal)];
    return true;
  }

  /** One of a donor that is needed anyway. */
  #preferred(places: readonly Candidate[]): Candidate {
    const isUsed = ({ donor }: Candidate): boolean => (this.#state.opened.get(donor)?.number ?? -1) >= 0;
    return places.find(isUsed) ?? this.#place;
  }

  #isEqual({ donor, offset }: Candidate, piece: Buffer): boolean {
    const fd = fdOf(this.#state, donor);
    for (let at = 0; at < piece.length;) {
      const found = this.#state.reads.read(fd, offset + this.#compared + at, piece.length - at);
      if (found.length === 0 || piece.compare(found, 0, found.length, at, at + found.length) !== 0) return false;
      at += found.length;
    }
    return true;
  }

  /** The rest of the content's last block belongs to what is referred to, and a tar fills it with zeros. */
  #endsInZeros({ donor, offset }: Candidate, pieceBytes: number): boolean {
    const end = this.#compared + pieceBytes;
    const padding = paddingOf(end);
    if (padding === 0) return true;
    return this.#state.reads.read(fdOf(this.#state, donor), offset + end, padding).equals(ZEROS.subarray(0, padding));
  }
}

const ZEROS = Buffer.alloc(BLOCK);

function fdOf({ opened }: State, index: number): number {
  return opened.get(index)?.fd ?? -1;
}

/** The donor's number for the layer that comes, given out when it is asked for. */
function numberOf({ candidates, opened, used }: State, index: number): number {
  const donor = candidates.donors[index];
  const file = opened.get(index);
  if (donor === undefined || file === undefined) throw new NotFoundError('no such donor');
  if (file.number < 0) file.number = used.push(donor) - 1;
  return file.number;
}

/** Slow alone may be a busy machine, which would write slowly too; slow and from the disk is what is better left to a time without a load. */
function judgeSpeed(speed: Speed, bytes: number, seconds: number): void {
  speed.bytes += bytes;
  speed.seconds += seconds;
  if (speed.bytes < SAMPLE_BYTES) return;
  const fromDisk = (speed.diskReads() - speed.diskReadsBefore) * BLOCK;
  const isFromDisk = fromDisk >= speed.bytes * FROM_DISK_PART;
  if (speed.bytes / speed.seconds < speed.allowed && isFromDisk) speed.isTooSlow = true;
  speed.bytes = speed.seconds = 0;
  speed.diskReadsBefore = speed.diskReads();
}

/** Blocks of 512 bytes that this process read from disks up to now. */
function countDiskReads(): number {
  return process.resourceUsage().fsRead;
}
