import { createHash } from 'node:crypto';
import { freeBuffer } from '#lib/free-buffer.ts';
import type { HashSink, Lanes } from './lanes.ts';
import type { HashedTar } from './layer-store.ts';

/** A tar of less is hashed here: waking another thread costs more. */
const SMALL_BYTES = 2 * 1024 * 1024;

/** Digest and size of a tar that is not kept. A large one is hashed by another thread while its next bytes are read. */
export async function hashTar({ lanes }: { lanes: Lanes }, tar: AsyncIterable<Uint8Array>): Promise<HashedTar> {
  const gathered: Uint8Array[] = [];
  let sink: HashSink | undefined;
  let tarBytes = 0;
  try {
    for await (const piece of tar) {
      tarBytes += piece.byteLength;
      if (sink === undefined) gathered.push(piece);
      else await give(sink, piece);
      if (sink !== undefined || tarBytes < SMALL_BYTES) continue;
      sink = lanes.takeHasher() ?? hashHere();
      for (const early of gathered.splice(0)) await give(sink, early);
    }
    sink ??= hashHere();
    for (const early of gathered) await give(sink, early);
    return { diffId: await sink.finish(), tarBytes };
  } finally {
    await sink?.stop();
  }
}

async function give(sink: HashSink, piece: Uint8Array): Promise<void> {
  const room = sink.write(piece);
  if (room !== undefined) await room;
  freeBuffer(piece);
}

function hashHere(): HashSink {
  const hash = createHash('sha256');
  return {
    write: (piece) => void hash.update(piece),
    finish: async () => `sha256:${hash.digest('hex')}`,
    stop: async () => {},
  };
}
