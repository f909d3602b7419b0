/** Chunks of a tar on their way to two threads that both read all of them: memory shared by all three, slots used again in turn. */
export interface Ring {
  memory: SharedArrayBuffer;
  /** Byte of the memory where the first slot begins, so that slots begin with a page as direct I/O wants it. */
  offset: number;
  control: SharedArrayBuffer;
}

export const SLOT_BYTES = 1024 * 1024;
const SLOTS = 8;

/** Words of the control memory; behind them the bytes in each slot. */
const PUBLISHED = 0; // slots filled since the beginning
const SIGNAL = 1; // changes with everything that a reader may wait for
const STATE = 2;
const READ = 3; // slots done with, by reader
const LENGTHS = 5;

/** States; 0 while chunks come. */
const ENDED = 1;
const STOPPED = 2;

/** What a reader that failed has done: nobody waits for it any more. */
const ALL = 2 ** 31 - 1;
/** How long a wait lasts at most before what is waited for is looked at again. */
const WAIT_MS = 1000;

export type ReaderNumber = 0 | 1;

export const RING_BYTES: number = SLOTS * SLOT_BYTES;
export const CONTROL_BYTES: number = (LENGTHS + SLOTS) * Int32Array.BYTES_PER_ELEMENT;

export interface RingWriter {
  /** Copies the chunk in. @returns nothing if it fit at once, else what settles when it is in */
  write(chunk: Uint8Array): Promise<void> | undefined;
  /** No more comes. */
  end(): void;
  /** What was written counts for nothing; readers stop. */
  stop(): void;
  /** Nobody waits for this reader from now on. */
  abandon(reader: ReaderNumber): void;
}

/** Begins anew; both readers must be idle. */
export function writeRing({ memory, offset, control }: Ring): RingWriter {
  const words = new Int32Array(control);
  const slots = Buffer.from(memory, offset);
  words.fill(0);
  let published = 0;
  let filled = 0;
  const publish = (): void => {
    words[LENGTHS + (published % SLOTS)] = filled;
    filled = 0;
    published += 1;
    Atomics.store(words, PUBLISHED, published);
    signal(words);
  };
  /** @returns where in the chunk it stopped; at its end unless the ring is full */
  const fill = (chunk: Uint8Array, from: number): number => {
    let at = from;
    while (at < chunk.byteLength && readerInTheWay(words, published) === undefined) {
      const piece = chunk.subarray(at, at + SLOT_BYTES - filled);
      slots.set(piece, (published % SLOTS) * SLOT_BYTES + filled);
      at += piece.byteLength;
      filled += piece.byteLength;
      if (filled === SLOT_BYTES) publish();
    }
    return at;
  };
  const fillSlowly = async (chunk: Uint8Array, from: number): Promise<void> => {
    for (let at = from; at < chunk.byteLength; at = fill(chunk, at)) await waitForReader(words, published);
  };
  return {
    write(chunk) {
      const at = fill(chunk, 0);
      return at === chunk.byteLength ? undefined : fillSlowly(chunk, at);
    },
    end() {
      if (filled > 0) publish();
      Atomics.store(words, STATE, ENDED);
      signal(words);
    },
    stop() {
      Atomics.store(words, STATE, STOPPED);
      signal(words);
    },
    abandon: (reader) => markAllRead(words, reader),
  };
}

function signal(words: Int32Array): void {
  Atomics.add(words, SIGNAL, 1);
  Atomics.notify(words, SIGNAL);
}

/** The reader that still needs the slot which comes next. */
function readerInTheWay(words: Int32Array, published: number): ReaderNumber | undefined {
  return ([0, 1] as const).find((reader) => published - Atomics.load(words, READ + reader) >= SLOTS);
}

async function waitForReader(words: Int32Array, published: number): Promise<void> {
  const reader = readerInTheWay(words, published);
  if (reader === undefined) return;
  const seen = Atomics.load(words, READ + reader);
  if (published - seen < SLOTS) return;
  const { async: isAsync, value } = Atomics.waitAsync(words, READ + reader, seen, WAIT_MS);
  if (isAsync) await value;
}

/**
 * The chunks as they come, each until the next is asked for, and `lag` more of them. Blocks the thread while there is none.
 * @returns whether all came; not if the writer stopped
 */
export function* readRing(
  { memory, offset, control }: Ring,
  reader: ReaderNumber,
  { lag = 0 } = {},
): Generator<Buffer, boolean> {
  const words = new Int32Array(control);
  const slots = Buffer.from(memory, offset);
  let isWhole = false;
  try {
    for (let next = 0; ;) {
      const seen = Atomics.load(words, SIGNAL);
      const state = Atomics.load(words, STATE);
      if (state === STOPPED) return false;
      if (next < Atomics.load(words, PUBLISHED)) {
        const at = (next % SLOTS) * SLOT_BYTES;
        yield slots.subarray(at, at + (words[LENGTHS + (next % SLOTS)] ?? 0));
        next += 1;
        Atomics.store(words, READ + reader, Math.max(0, next - lag));
        Atomics.notify(words, READ + reader);
      } else if (state === ENDED) {
        isWhole = true;
        return true;
      } else Atomics.wait(words, SIGNAL, seen);
    }
  } finally {
    if (!isWhole) markAllRead(words, reader);
  }
}

function markAllRead(words: Int32Array, reader: ReaderNumber): void {
  Atomics.store(words, READ + reader, ALL);
  Atomics.notify(words, READ + reader);
}
