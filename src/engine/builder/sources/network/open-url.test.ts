import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { PermissionDeniedError } from '#lib/errors.ts';
import { guardedLookup, publicAddresses } from './guarded-lookup.ts';
import { openUrl, shown } from './open-url.ts';

const signal = new AbortController().signal;
const seen: { host: string; path: string; authorization: string | undefined }[] = [];
let one: Server;
let two: Server;

/** Answers with its path, or sends where the query `to` says. */
function createEcho(): Server {
  return createServer((request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://localhost');
    seen.push({ host: request.headers.host ?? '', path: pathname, authorization: request.headers.authorization });
    const to = searchParams.get('to');
    if (pathname === '/missing') response.writeHead(404).end();
    else if (to === null) response.end(pathname);
    else response.writeHead(302, { Location: to }).end();
  });
}

function address(server: Server): string {
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

async function read(url: string, options: { guard?: boolean; authorization?: string } = {}): Promise<string> {
  const answer = await openUrl(url, { guard: false, signal, ...options });
  return Buffer.concat(await Array.fromAsync(answer.body)).toString();
}

beforeAll(async () => {
  [one, two] = [createEcho(), createEcho()];
  for (const server of [one, two]) {
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
  }
});
afterAll(() => {
  for (const server of [one, two]) {
    server.closeAllConnections();
    server.close();
  }
});

test('what is at an address, also where it is sent on', async () => {
  expect(await read(`${address(one)}/file`)).toBe('/file');
  expect(await read(`${address(one)}/?to=/elsewhere`)).toBe('/elsewhere');
  expect(await read(`${address(one)}/?to=${address(two)}/there`)).toBe('/there');
  await expect(read(`${address(one)}/missing?token=secret`)).rejects.toThrow(/\/missing: 404 Not Found$/);
  await expect(read(`${address(one)}/?to=/?to=file:///etc/passwd`)).rejects.toThrow(
    'redirects to what cannot be fetched',
  );
  await expect(read('file:///etc/passwd')).rejects.toThrow('is no http or https address');
});

test('an address that sends in circles is left', async () => {
  const server = createServer((_, response) => response.writeHead(302, { Location: '/' }).end());
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  await expect(read(address(server))).rejects.toThrow('redirects in circles');
  server.closeAllConnections();
  server.close();
});

test('credentials go to the address they are for, and to no other', async () => {
  seen.length = 0;
  await read(`${address(one)}/?to=${address(two)}/other`, { authorization: 'Bearer secret' });
  expect(seen.map(({ authorization }) => authorization)).toEqual(['Bearer secret', undefined]);
});

test('messages have neither credentials nor queries', () => {
  expect(shown('https://user:secret@host/path?token=secret#x')).toBe('https://host/path');
});

test('a guarded request reaches nothing that is not public, by address, name or redirect', async () => {
  seen.length = 0;
  const { port } = one.address() as AddressInfo;
  const refused = [`${address(one)}/`, `http://localhost:${port}/`, `http://[::1]:${port}/`, `http://[::ffff:127.0.0.1]:${port}/`, `http://2130706433:${port}/`, `http://0x7f.1:${port}/`, 'http://169.254.169.254/latest/meta-data/', 'http://10.0.0.1/']; // prettier-ignore
  for (const url of refused) {
    const error = await read(url, { guard: true }).catch((reason: unknown) => reason);
    expect(error, url).toBeInstanceOf(PermissionDeniedError);
  }
  expect(seen).toEqual([]);
});

test('a name is looked at before it is connected to', async () => {
  await expect(publicAddresses('localhost')).rejects.toThrow('may not be fetched by a build');
  expect(await publicAddresses('8.8.8.8')).toEqual(['8.8.8.8']);
  const { promise, resolve } = Promise.withResolvers<Error | null>();
  guardedLookup('localhost', { all: true }, (error) => resolve(error));
  expect(await promise).toBeInstanceOf(PermissionDeniedError);
});
