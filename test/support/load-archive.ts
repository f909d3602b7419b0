import { once } from 'node:events';
import { createReadStream } from 'node:fs';
import { type IncomingMessage, request } from 'node:http';
import { pipeline } from 'node:stream/promises';
import { InternalError } from '#lib/errors.ts';
import type { TestEngine } from './engine.ts';

/** Loads an archive by the API alone: done at the moment in which the engine says so, which a client's program tells later. */
export async function loadArchive(
  engine: TestEngine,
  archive: { path: string },
  { sync = false }: { sync?: boolean } = {},
): Promise<void> {
  const path = `/images/load?quiet=1${sync ? '&sync=1' : ''}`;
  const call = request({ socketPath: engine.socket, method: 'POST', path, headers: { Host: 'localhost' } });
  const answered = once(call, 'response');
  await pipeline(createReadStream(archive.path, { highWaterMark: 1024 * 1024 }), call);
  const [response] = (await answered) as [IncomingMessage];
  const text = Buffer.concat(await Array.fromAsync(response as AsyncIterable<Buffer>)).toString();
  if (response.statusCode !== 200 || text.includes('"error"')) throw new InternalError(`load failed: ${text}`);
}
