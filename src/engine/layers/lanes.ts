import { CancelledError } from '#lib/errors.ts';
import type { Digest } from '#oci/digest.ts';
import type { WrittenLayer } from './finish-layer.ts';
import type { LayerSink, SinkTarget } from './ingest-layer.ts';
import { createRing } from './create-ring.ts';
import { type ReaderNumber, type Ring, type RingWriter, writeRing } from './ring.ts';
import { startWorker, type WorkerThread } from './worker-thread.ts';

/** Pairs of threads for layers that come in: one hashes, one writes and indexes. They end when nothing came for a while. */
export interface Lanes extends AsyncDisposable {
  /** @returns undefined if all are busy, so that nobody waits for somebody whose bytes come slowly */
  take(target: SinkTarget): LayerSink | undefined;
  /** The same for a tar that is only hashed. */
  takeHasher(): HashSink | undefined;
}

/** Takes a tar's bytes and hashes them in another thread. */
export interface HashSink extends Pick<LayerSink, 'write' | 'stop'> {
  finish(): Promise<Digest>;
}

export interface LanesOptions {
  /** Layers at a time. */
  count?: number;
  /** After so long without work a pair ends. */
  idleMs?: number;
}

interface Lane {
  begin(target: SinkTarget): LayerSink;
  beginHash(): HashSink;
  readonly isAlive: boolean;
  end(): Promise<void>;
}

export function openLanes({ count = 2, idleMs = 5000 }: LanesOptions = {}): Lanes {
  const idle = new Map<Lane, NodeJS.Timeout>();
  const busy = new Set<Lane>();
  const ending = new Set<Promise<void>>();
  let isClosed = false;
  const retire = (lane: Lane): void => {
    clearTimeout(idle.get(lane));
    idle.delete(lane);
    const ended = lane.end().finally(() => ending.delete(ended));
    ending.add(ended);
  };
  const giveBack = (lane: Lane): void => {
    if (!busy.delete(lane)) return;
    if (lane.isAlive) idle.set(lane, setTimeout(() => retire(lane), idleMs).unref());
    else retire(lane);
  };
  const takeLane = <Sink extends Pick<LayerSink, 'stop'>>(begin: (lane: Lane) => Sink): Sink | undefined => {
    if (isClosed) throw new CancelledError('the store of layers is closed');
    if (busy.size >= count) return undefined;
    for (const one of idle.keys()) if (!one.isAlive) retire(one);
    const [rested] = idle.keys();
    const lane = rested ?? startLane();
    clearTimeout(idle.get(lane));
    idle.delete(lane);
    busy.add(lane);
    const sink = begin(lane);
    const stop = async (): Promise<void> => {
      await sink.stop();
      giveBack(lane);
    };
    return { ...sink, stop };
  };
  return {
    take: (target) => takeLane((lane) => lane.begin(target)),
    takeHasher: () => takeLane((lane) => lane.beginHash()),
    async [Symbol.asyncDispose]() {
      isClosed = true;
      const all = [...idle.keys(), ...busy];
      for (const timer of idle.values()) clearTimeout(timer);
      idle.clear();
      busy.clear();
      // Those that ended on their own account are waited for as well: no thread is left when this settles.
      await Promise.all([...ending, ...all.map((lane) => lane.end())]);
    },
  };
}

const HASHER: ReaderNumber = 0;
const WRITER: ReaderNumber = 1;

function startLane(): Lane {
  const ring = createRing();
  const hasher = startWorker<null, Digest>('hash-worker', ring);
  // Not everything that is hashed is written.
  let writer: WorkerThread<SinkTarget, WrittenLayer> | undefined;
  let input: Input | undefined;
  return {
    get isAlive() {
      return hasher.isAlive && writer?.isAlive !== false;
    },
    begin(target) {
      const own = (input = openInput(ring));
      writer ??= startWorker<SinkTarget, WrittenLayer>('write-worker', ring);
      const hashed = own.watch(HASHER, hasher.run(null));
      const written = own.watch(WRITER, writer.run(target));
      return {
        write: (chunk) => own.write(chunk),
        async finish() {
          own.end();
          const [diffId, layer] = await Promise.all([hashed, written]);
          return { diffId, written: layer };
        },
        async stop() {
          own.stop();
          await Promise.allSettled([hashed, written]);
        },
      };
    },
    beginHash() {
      const own = (input = openInput(ring));
      own.abandon(WRITER);
      const hashed = own.watch(HASHER, hasher.run(null));
      return {
        write: (chunk) => own.write(chunk),
        async finish() {
          own.end();
          return hashed;
        },
        async stop() {
          own.stop();
          await Promise.allSettled([hashed]);
        },
      };
    },
    async end() {
      input?.stop(); // a thread in the middle of its job has nothing to wait for any more
      await Promise.all([hasher.end(), writer?.end()]);
    },
  };
}

/** The ring, with the failures of those who read it. */
interface Input extends RingWriter {
  /** What one of them comes to: if that is a failure, nobody waits for it any more, and writing fails. */
  watch<T>(reader: ReaderNumber, result: Promise<T>): Promise<T>;
}

function openInput(ring: Ring): Input {
  const input = writeRing(ring);
  let failure: unknown;
  return {
    ...input,
    write: (chunk) => (failure === undefined ? input.write(chunk) : Promise.reject(failure)),
    watch(reader, result) {
      result.catch((error: unknown) => {
        failure ??= error;
        input.abandon(reader);
      });
      return result;
    },
  };
}
