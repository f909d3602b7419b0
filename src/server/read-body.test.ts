import { once } from 'node:events';
import { createServer, request as httpRequest } from 'node:http';
import { mkdtempDisposable } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { CancelledError } from '#lib/errors.ts';
import { readBody } from './read-body.ts';

type Use = (body: AsyncIterableIterator<Buffer>) => Promise<unknown>;

/** Serves one request with `use`. */
async function serving(use: Use): Promise<AsyncDisposable & { socketPath: string; result: Promise<unknown> }> {
  const folder = await mkdtempDisposable(join(tmpdir(), 'body-'));
  const socketPath = join(folder.path, 's.sock');
  const { promise, resolve, reject } = Promise.withResolvers<unknown>();
  promise.catch(() => {});
  const server = createServer((request, response) => {
    use(readBody(request))
      .then(resolve, reject)
      .finally(() => {
        request.resume();
        response.end('answer');
      });
  });
  server.listen(socketPath);
  await once(server, 'listening');
  return {
    socketPath,
    result: promise,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await folder.remove();
    },
  };
}

test('a body arrives whole however slow its reader is, and not all of it waits in memory', async () => {
  const total = 20 * 1024 * 1024;
  await using server = await serving(async (body) => {
    let sum = 0;
    for await (const chunk of body) {
      sum += chunk.length;
      if (sum < 300_000) await sleep(20);
    }
    return sum;
  });
  const request = httpRequest({ socketPath: server.socketPath, method: 'POST' });
  for (let sent = 0; sent < total; sent += 65_536)
    if (!request.write(Buffer.alloc(65_536))) await once(request, 'drain');
  request.end();
  await once(request, 'response');
  expect(await server.result).toBe(total);
});

test('an empty body ends at once', async () => {
  await using server = await serving(async (body) => Array.fromAsync(body));
  const request = httpRequest({ socketPath: server.socketPath, method: 'POST' });
  request.end();
  await once(request, 'response');
  expect(await server.result).toEqual([]);
});

test('a client that goes away in the middle is an error', async () => {
  await using server = await serving(async (body) => Array.fromAsync(body));
  const request = httpRequest({ socketPath: server.socketPath, method: 'POST' });
  request.on('error', () => {});
  request.write('half');
  await sleep(50);
  request.destroy();
  await expect(server.result).rejects.toThrow(CancelledError);
});

test('who stops early can still answer', async () => {
  await using server = await serving(async (body) => {
    for await (const chunk of body) return chunk.length > 0;
    return false;
  });
  const request = httpRequest({ socketPath: server.socketPath, method: 'POST' });
  request.end(Buffer.alloc(5_000_000));
  await server.result;
  request.on('error', () => {}); // the rest of the body is cut off with the connection
  const [response] = (await once(request, 'response')) as [import('node:http').IncomingMessage];
  expect(Buffer.concat(await Array.fromAsync(response as AsyncIterable<Buffer>)).toString()).toBe('answer');
  expect(await server.result).toBe(true);
});
