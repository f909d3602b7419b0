import { expect, test } from 'vitest';
import { tarContext } from '#engine/builder/sources/tar-context.ts';
import type { Session } from '../buildkit/sessions.ts';
import type { Call } from '../route.ts';
import { parseBuildRequest } from './build-request.ts';

const { signal } = new AbortController();

function callOf(query: string): Call {
  const socket = { remoteAddress: undefined };
  const call = { query: new URLSearchParams(query), request: { headers: {}, socket }, body: async function* () {} };
  return call as unknown as Call;
}

const session = {
  files: (name: string) => tarContext((async function* () {})(), { title: name }),
  credentials: async (domain: string) => ({ username: domain }),
  secrets: { of: 'the session' },
  ssh: { of: 'the session' },
  sink: (index: number) => ({ index }),
} as unknown as Session;

test('files, secrets, agents and credentials come over the session that is named', async () => {
  const call = callOf('version=2&session=s&remote=client-session&dockerfile=D&t=app');
  const request = parseBuildRequest(call, { signal, session });
  expect(request).toMatchObject({ context: { title: 'context' }, secrets: session.secrets, ssh: session.ssh });
  expect(request.dockerfile).toMatchObject({ name: 'D', source: { title: 'dockerfile' } });
  expect(request.outputs).toEqual([{ type: 'image', attributes: new Map([['name', 'app:latest']]) }]);
  expect(await request.credentials('r.example')).toEqual({ username: 'r.example' });
});

test('an archive has its files in the body, also beside a session', () => {
  const request = parseBuildRequest(callOf('version=2&session=s'), { signal, session });
  expect(request.dockerfile).toEqual({ name: 'Dockerfile' });
  expect(request.secrets).toBe(session.secrets);
});

test('outputs go to the client over its session', () => {
  const outputs = JSON.stringify([{ Type: 'local', Attrs: { 'platform-split': 'false' } }]);
  const call = callOf(`version=2&session=s&remote=client-session&outputs=${encodeURIComponent(outputs)}`);
  expect(parseBuildRequest(call, { signal, session }).outputs).toEqual([
    { type: 'local', attributes: new Map([['platform-split', 'false']]), sink: { index: 0 } },
  ]);
  const without = callOf(`outputs=${encodeURIComponent(outputs)}`);
  expect(() => parseBuildRequest(without, { signal, session: undefined })).toThrow('need BuildKit');
});

test.each([
  ['remote=client-session', 'a context over a session needs a session'],
  ['version=2&remote=upload-request', 'an archive from standard input is not taken beside a session'],
])('%s is refused', (query, message) => {
  expect(() => parseBuildRequest(callOf(query), { signal, session: undefined })).toThrow(message);
});
