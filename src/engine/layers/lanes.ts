import { CancelledError } from '#lib/errors.ts';
import type { Digest } from '#oci/digest.ts';
import type { WrittenLayer } from './finish-layer.ts';
import type { LayerSink, SinkTarget } from './ingest-layer.ts';
import { createRing } from './create-ring.ts';
import { type ReaderNumber, writeRing } from './ring.ts';
import { startWorker } from './worker-thread.ts';

/** Pairs of threads for layers that come in: one hashes, one writes and indexes. They end when nothing came for a while. */
export interface Lanes extends AsyncDisposable {
  /** @returns undefined if all are busy, so that nobody waits for somebody whose bytes come slowly */
  take(target: SinkTarget): LayerSink | undefined;
}

export interface LanesOptions {
  /** Layers at a time. */
  count?: number;
  /** After so long without work a pair ends. */
  idleMs?: number;
}

interface Lane {
  begin(target: SinkTarget): LayerSink;
  readonly isAlive: boolean;
  end(): Promise<void>;
}

export function openLanes({ count = 2, idleMs = 5000 }: LanesOptions = {}): Lanes {
  const idle = new Map<Lane, NodeJS.Timeout>();
  const busy = new Set<Lane>();
  let isClosed = false;
  const retire = (lane: Lane): void => {
    clearTimeout(idle.get(lane));
    idle.delete(lane);
    void lane.end();
  };
  const giveBack = (lane: Lane): void => {
    if (!busy.delete(lane)) return;
    if (lane.isAlive) idle.set(lane, setTimeout(() => retire(lane), idleMs).unref());
    else void lane.end();
  };
  return {
    take(target) {
      if (isClosed) throw new CancelledError('the store of layers is closed');
      if (busy.size >= count) return undefined;
      const [rested] = idle.keys();
      const lane = rested?.isAlive === true ? rested : startLane();
      if (rested !== undefined) {
        clearTimeout(idle.get(rested));
        idle.delete(rested);
      }
      busy.add(lane);
      const sink = lane.begin(target);
      return {
        ...sink,
        async stop() {
          await sink.stop();
          giveBack(lane);
        },
      };
    },
    async [Symbol.asyncDispose]() {
      isClosed = true;
      const all = [...idle.keys(), ...busy];
      for (const timer of idle.values()) clearTimeout(timer);
      idle.clear();
      busy.clear();
      await Promise.all(all.map((lane) => lane.end()));
    },
  };
}

const HASHER: ReaderNumber = 0;
const WRITER: ReaderNumber = 1;

function startLane(): Lane {
  const ring = createRing();
  const hasher = startWorker<null, Digest>('hash-worker', ring);
  const writer = startWorker<SinkTarget, WrittenLayer>('write-worker', ring);
  return {
    get isAlive() {
      return hasher.isAlive && writer.isAlive;
    },
    begin(target) {
      const input = writeRing(ring);
      let failure: unknown;
      const watch = (reader: ReaderNumber) => (error: unknown) => {
        failure ??= error;
        input.abandon(reader);
      };
      const hashed = hasher.run(null);
      const written = writer.run(target);
      hashed.catch(watch(HASHER));
      written.catch(watch(WRITER));
      return {
        write(chunk) {
          return failure === undefined ? input.write(chunk) : Promise.reject(failure);
        },
        async finish() {
          input.end();
          const [diffId, layer] = await Promise.all([hashed, written]);
          return { diffId, written: layer };
        },
        async stop() {
          input.stop();
          await Promise.allSettled([hashed, written]);
        },
      };
    },
    async end() {
      await Promise.all([hasher.end(), writer.end()]);
    },
  };
}
