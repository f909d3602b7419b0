import { mkdtempDisposable } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { ConflictError, InternalError, NotFoundError, PermissionDeniedError, UnavailableError } from '#lib/errors.ts';
import { formatEngineAddress, parseEngineAddress } from './address.ts';
import { listContainers, waitContainer } from './containers.ts';
import { connectError, isNobodyThere } from './connect-error.ts';
import { buildImage } from './builds.ts';
import { pullImage, splitReference } from './images.ts';
import { readJsonLines } from './json-lines.ts';
import { type Client, formatQuery, openClient } from './transport.ts';

type Handler = (request: IncomingMessage, response: ServerResponse) => void;

/** A server that speaks `version` and answers as told. */
async function withServer(
  handler: Handler,
  work: (client: Client, seen: string[]) => Promise<void>,
  version = '1.41',
): Promise<void> {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'client-'));
  const path = join(folder.path, 's.sock');
  const seen: string[] = [];
  const server = createServer((request, response) => {
    seen.push(`${request.method} ${request.url}`);
    if (request.url === '/_ping') response.setHeader('Api-Version', version).end();
    else handler(request, response);
  });
  server.listen(path);
  await once(server, 'listening');
  const client = openClient({ kind: 'unix', path });
  try {
    await work(client, seen);
  } finally {
    client.close();
    server.closeAllConnections();
    server.close();
  }
}

async function* endless(): AsyncGenerator<Uint8Array> {
  for (;;) yield new Uint8Array(65536);
}

/** Byte by byte. */
async function* cut(text: string): AsyncGenerator<Uint8Array> {
  for (const byte of Buffer.from(text)) yield Uint8Array.of(byte);
}

test('the older version of the two is spoken, and asked for once', async () => {
  await withServer(
    (_, response) => response.end('[]'),
    async (client, seen) => {
      await listContainers(client, { all: true, filters: { label: ['a=b'] } });
      await listContainers(client);
      expect(seen).toEqual([
        'HEAD /_ping',
        `GET /v1.41/containers/json?all=1&filters=${encodeURIComponent('{"label":{"a=b":true}}')}`,
        'GET /v1.41/containers/json',
      ]);
    },
  );
});

test('an engine that speaks a newer version is spoken to in ours', async () => {
  await withServer(
    (_, response) => response.end('[]'),
    async (client) => expect(await client.version()).toBe('1.51'),
    '9.99',
  );
});

test.each([
  [404, NotFoundError],
  [409, ConflictError],
  [500, InternalError],
])('an answer of %d is the error that it stands for, with its reasons', async (status, kind) => {
  await withServer(
    (_, response) => response.writeHead(status).end(JSON.stringify({ message: 'm', why: 'w', hint: 'h' })),
    async (client) => {
      const error = await listContainers(client).catch((reason: unknown) => reason);
      expect(error).toBeInstanceOf(kind);
      expect(error).toMatchObject({ message: 'm', why: 'w', hint: 'h' });
    },
  );
});

test('an error that is no JSON is shown as it is', async () => {
  await withServer(
    (_, response) => response.writeHead(502).end('Bad Gateway'),
    async (client) => {
      await expect(listContainers(client)).rejects.toThrow('Bad Gateway');
    },
  );
});

test('an error within a stream ends it as that error', async () => {
  await withServer(
    (_, response) =>
      response.end(
        '{"status":"Pulling"}\r\n{"errorDetail":{"message":"no space","hint":"free some"},"error":"no space"}\r\n',
      ),
    async (client) => {
      const statuses: string[] = [];
      const pulling = (async () => {
        for await (const { status } of pullImage(client, 'image')) statuses.push(status ?? '');
      })();
      await expect(pulling).rejects.toMatchObject({ message: 'no space', hint: 'free some' });
      expect(statuses).toEqual(['Pulling']);
    },
  );
});

test('an engine that answers a build before it read the whole context is heard', async () => {
  await withServer(
    (_, response) => response.writeHead(400, { Connection: 'close' }).end('{"message":"dockerfile parse error"}'),
    async (client) => {
      await expect(buildImage(client, endless()).next()).rejects.toThrow('dockerfile parse error');
    },
  );
});

test('waiting is noted by the engine before the container ends', async () => {
  await withServer(
    (_, response) => {
      response.writeHead(200).flushHeaders();
      setTimeout(() => response.end('{"StatusCode":3}\n'), 20);
    },
    async (client) => {
      const { exit } = await waitContainer(client, 'x');
      expect(await exit).toMatchObject({ StatusCode: 3 });
    },
  );
});

test('nobody at the address is told in three lines', async () => {
  const client = openClient({ kind: 'unix', path: '/nonexistent/berth.sock' });
  const error = await client.version().catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(UnavailableError);
  expect(error).toMatchObject({ why: expect.any(String), hint: expect.stringContaining('berth engine run') });
  expect(isNobodyThere(error)).toBe(true);
});

test('a socket that may not be opened is a matter of rights', () => {
  const error = connectError({ kind: 'unix', path: '/s' }, { code: 'EACCES' });
  expect(error).toBeInstanceOf(PermissionDeniedError);
  expect(isNobodyThere(error)).toBe(false);
});

test.each([
  ['unix:///run/x.sock', 'unix:///run/x.sock'],
  ['/run/x.sock', 'unix:///run/x.sock'],
  ['tcp://host:1234', 'tcp://host:1234'],
  ['tcp://host', 'tcp://host:2375'],
  ['https://host', 'tcp://host:2376'],
  ['tcp://[::1]:2375', 'tcp://[::1]:2375'],
])('the address %s', (text, shown) => {
  expect(formatEngineAddress(parseEngineAddress(text))).toBe(shown);
});

test.each(['host', 'unix://relative', 'ftp://x', ''])('%s is no address', (text) => {
  expect(() => parseEngineAddress(text)).toThrow(/invalid engine address/);
});

test.each([
  ['image', 'image', 'latest'],
  ['host:5000/image', 'host:5000/image', 'latest'],
  ['host:5000/image:1', 'host:5000/image', '1'],
  ['image:1@sha256:aa', 'image', 'sha256:aa'],
])('%s is split into name and tag', (reference, fromImage, tag) => {
  expect(splitReference(reference)).toEqual({ fromImage, tag });
});

test('lines are read wherever the bytes are cut', async () => {
  expect(await Array.fromAsync(readJsonLines(cut('{"a":"ä"}\r\n\n{"a":2}')))).toEqual([{ a: 'ä' }, { a: 2 }]);
});

test('a query leaves out what is not asked for', () => {
  expect(formatQuery({ a: undefined, b: false, c: '', d: true, e: 0, f: ['x', 'y'] })).toBe('?d=1&e=0&f=x&f=y');
  expect(formatQuery({})).toBe('');
});
