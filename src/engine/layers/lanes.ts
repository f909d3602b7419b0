import type { Digest } from '#oci/digest.ts';
import type { WrittenLayer } from './finish-layer.ts';
import type { LayerSink, SinkTarget } from './ingest-layer.ts';
import { createRing } from './create-ring.ts';
import { type IdlePoolOptions, openIdlePool } from './idle-pool.ts';
import { type ReaderNumber, type RingWriter, writeRing } from './ring.ts';
import { startWorker } from './worker-thread.ts';

/** Pairs of threads for layers that come in: one hashes, one writes and indexes. They end when nothing came for a while. */
export interface Lanes extends AsyncDisposable {
  /** @returns undefined if all are busy, so that nobody waits for somebody whose bytes come slowly */
  take(target: SinkTarget): LayerSink | undefined;
}

interface Lane {
  begin(target: SinkTarget): LayerSink;
  readonly isAlive: boolean;
  end(): Promise<void>;
}

export function openLanes(options: IdlePoolOptions = {}): Lanes {
  const pool = openIdlePool(startLane, options);
  return {
    take(target) {
      const lane = pool.take();
      if (lane === undefined) return undefined;
      const sink = lane.begin(target);
      return {
        ...sink,
        async stop() {
          await sink.stop();
          pool.giveBack(lane);
        },
      };
    },
    [Symbol.asyncDispose]: () => pool[Symbol.asyncDispose](),
  };
}

const HASHER: ReaderNumber = 0;
const WRITER: ReaderNumber = 1;

function startLane(): Lane {
  const ring = createRing();
  const hasher = startWorker<null, Digest>('hash-worker', ring);
  const writer = startWorker<SinkTarget, WrittenLayer>('write-worker', ring);
  let input: RingWriter | undefined;
  return {
    get isAlive() {
      return hasher.isAlive && writer.isAlive;
    },
    begin(target) {
      const own = (input = writeRing(ring));
      let failure: unknown;
      const watch = (reader: ReaderNumber) => (error: unknown) => {
        failure ??= error;
        own.abandon(reader);
      };
      const hashed = hasher.run(null);
      const written = writer.run(target);
      hashed.catch(watch(HASHER));
      written.catch(watch(WRITER));
      return {
        write(chunk) {
          return failure === undefined ? own.write(chunk) : Promise.reject(failure);
        },
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
    async end() {
      input?.stop(); // a thread in the middle of its job has nothing to wait for any more
      await Promise.all([hasher.end(), writer.end()]);
    },
  };
}
