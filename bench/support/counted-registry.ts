import { mkdtempDisposable } from 'node:fs/promises';
import { createServer } from 'node:net';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { run } from '#lib/run.ts';
import { treeUsage } from '#lib/files/tree-usage.ts';
import { findPeerProgram } from './image-engines.ts';

/** A registry of this host that tells how much it holds. */
export interface CountedRegistry extends AsyncDisposable {
  /** As names of images begin. */
  address: string;
  /** Of all that was sent to it, each blob once. */
  bytes(): Promise<number>;
}

/** Starts the reference registry on an empty folder; undefined where there is none. */
export async function openCountedRegistry(): Promise<CountedRegistry | undefined> {
  const program = await findPeerProgram();
  if (program === undefined) return undefined;
  await using started = new AsyncDisposableStack();
  const folder = started.use(await mkdtempDisposable(join(tmpdir(), 'bench-registry-')));
  const port = `${await freePort()}`;
  const { stdout } = await run([program, 'registry', 'up', port, folder.path]);
  started.defer(async () => void (await run([program, 'registry', 'down', port])));
  const held = started.move();
  return {
    address: stdout.trim().split('\n').at(-1) ?? '',
    bytes: async () => (await treeUsage(folder.path)).bytes,
    [Symbol.asyncDispose]: () => held.disposeAsync(),
  };
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, 'close');
  return port;
}
