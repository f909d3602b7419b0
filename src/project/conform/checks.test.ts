import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { expect, test } from 'vitest';
import type { ImageDetails } from '#api/answers.ts';
import type { Contract, Outcome, Subject } from './contract.ts';
import { endsGracefully } from './checks.ts';
import { COG } from './contracts/cog.ts';
import { HTTP } from './contracts/http.ts';
import { KSERVE } from './contracts/kserve.ts';
import { SAGEMAKER } from './contracts/sagemaker.ts';
import { send } from './send.ts';

type Answer = readonly [status: number, body?: unknown];
type Answering = (method: string, path: string, body: string) => Answer | undefined;

/** What each check of a contract says of a server that answers so. */
async function outcomes(contract: Contract, answering: Answering): Promise<Record<string, Outcome>> {
  const server = createServer((request, response) => void respond(request, response, answering));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const readiness = { listensMs: 10, readyMs: 20, before: [503] };
  const subject: Subject = {
    image: imageOf({}), port, readiness, options: {}, send: (sending) => send({ host: '127.0.0.1', port }, sending),
  }; // prettier-ignore
  try {
    const found: Record<string, Outcome> = {};
    for (const check of contract.checks) found[check.name] = await check.run(subject);
    return found;
  } finally {
    server.close();
  }
}

async function respond(request: IncomingMessage, response: ServerResponse, answering: Answering): Promise<void> {
  let body = '';
  for await (const piece of request) body += String(piece);
  const [status, value] = answering(request.method ?? '', request.url ?? '', body) ?? [404, { error: 'nothing' }];
  response.writeHead(status, { 'Content-Type': 'application/json' }).end(JSON.stringify(value ?? {}));
}

function imageOf(config: NonNullable<ImageDetails['Config']>, platform = 'amd64'): ImageDetails {
  return { Id: 'x', Size: 1, Os: 'linux', Architecture: platform, Config: config };
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

const states = (found: Record<string, Outcome>): string[] => [
  ...new Set(Object.values(found).map(({ state }) => state)),
];

const sagemaker: Answering = (method, path, body) => {
  if (path === '/ping') return [200];
  if (path !== '/invocations' || method !== 'POST') return undefined;
  return isJson(body) ? [200, [1]] : [415];
};

test('a server that keeps the contract of SageMaker meets each demand', async () => {
  expect(states(await outcomes(SAGEMAKER, sagemaker))).toEqual(['passed']);
});

test('what SageMaker would stumble over is found', async () => {
  const none = await outcomes(SAGEMAKER, () => undefined);
  expect(none['ping']).toMatchObject({ state: 'failed', why: 'GET /ping answered 404' });
  expect(none['invocations']).toMatchObject({ state: 'failed' });
  const lying = await outcomes(SAGEMAKER, (method, path, body) =>
    path === '/invocations' ? [503] : sagemaker(method, path, body),
  );
  expect(lying['ready-tells-the-truth']).toMatchObject({ state: 'failed' });
  const small = await outcomes(SAGEMAKER, (method, path, body) =>
    body.length > 1_000_000 ? [413] : sagemaker(method, path, body),
  );
  expect(small['payload']).toMatchObject({ state: 'failed', fix: expect.stringContaining('6 MB') });
  const crashing = await outcomes(SAGEMAKER, (method, path, body) =>
    body === 'x' ? [500] : sagemaker(method, path, body),
  );
  expect(crashing['other-content-types']).toMatchObject({ state: 'failed' });
});

test('an init as entry point is no program that understands serve', () => {
  const [check] = SAGEMAKER.imageChecks.filter(({ name }) => name === 'no-init-entrypoint');
  expect(check?.run(imageOf({ Entrypoint: ['/usr/bin/tini', '--'] }))).toMatchObject({ state: 'failed' });
  expect(check?.run(imageOf({ Entrypoint: ['tini', '--', 'python', 'serve.py'] }))).toMatchObject({ state: 'passed' });
  expect(check?.run(imageOf({ Entrypoint: ['python', '-m', 'berth_serving'] }))).toMatchObject({ state: 'passed' });
});

const TENSORS = [{ name: 'x', datatype: 'FP32', shape: [-1, 2] }];
const kserve: Answering = (_, path, body) => {
  if (path.startsWith('/v2/health/') || path === '/v2/models/model/ready') return [200, { ready: true }];
  if (path === '/v2') return [200, { name: 'a', version: '1', extensions: [] }];
  if (path === '/v2/models/model') return [200, { name: 'model', platform: 'p', inputs: TENSORS, outputs: TENSORS }];
  if (path !== '/v2/models/model/infer') return undefined;
  const { id, inputs } = JSON.parse(body) as { id?: string; inputs: { shape: number[]; data: unknown[] }[] };
  if (inputs[0]?.data.length !== inputs[0]?.shape.reduce((a, b) => a * b, 1)) return [400, { error: 'shape' }];
  return [200, { model_name: 'model', id, outputs: [{ name: 'y', datatype: 'FP32', shape: [1, 2], data: [[1, 2]] }] }];
};

test('a server that keeps the Open Inference Protocol meets each demand', async () => {
  expect(states(await outcomes(KSERVE, kserve))).toEqual(['passed']);
});

test('outputs that do not fit their shapes are found', async () => {
  const found = await outcomes(KSERVE, (method, path, body) =>
    path.endsWith('/infer') && body.includes('conform-1')
      ? [
          200,
          { model_name: 'model', id: 'conform-1', outputs: [{ name: 'y', datatype: 'FP32', shape: [3], data: [1] }] },
        ]
      : kserve(method, path, body),
  );
  expect(found['infer']).toMatchObject({ state: 'failed', why: 'the output y of shape [3] has 1 values' });
  const other = await outcomes(KSERVE, () => [200, {}]);
  expect(other['server-metadata']).toMatchObject({ state: 'failed', why: 'it lacks name, version, extensions' });
  expect(other['unknown-model']).toMatchObject({ state: 'failed' });
  expect(other['bad-input']).toMatchObject({ state: 'failed' });
});

const SCHEMAS = { Input: { properties: { n: { type: 'integer' } }, required: ['n'] }, Output: {} };
const cog: Answering = (method, path, body) => {
  if (path === '/health-check') return [200, { status: 'READY' }];
  if (path === '/openapi.json') return [200, { components: { schemas: SCHEMAS } }];
  if (!path.startsWith('/predictions')) return undefined;
  if (!isJson(body)) return [400];
  const { input } = JSON.parse(body) as { input: unknown };
  if (typeof input !== 'object') return [422];
  return [200, { status: 'succeeded', output: 1, ...(method === 'PUT' && { id: path.split('/').at(-1) }) }];
};

test('a server that keeps the interface of cog meets each demand', async () => {
  expect(states(await outcomes(COG, cog))).toEqual(['passed']);
});

test('what clients of cog would miss is found', async () => {
  const found = await outcomes(COG, (method, path, body) =>
    method === 'PUT' ? [405] : path === '/openapi.json' ? [200, {}] : cog(method, path, body),
  );
  expect(found['named-predictions']).toMatchObject({ state: 'failed' });
  expect(found['openapi']).toMatchObject({ state: 'failed', why: 'components.schemas lacks Input and Output' });
});

function named(name: string): Contract['imageChecks'][number] | undefined {
  return HTTP.imageChecks.find((check) => check.name === name);
}

test('a plain web service is told what any platform minds', async () => {
  expect(states(await outcomes(HTTP, (_, path) => (path === '/' ? [200] : undefined)))).toEqual(['passed']);
  const found = await outcomes(HTTP, (method) => (method === 'GET' ? [200] : [500]));
  expect(found['bad-requests']).toMatchObject({ state: 'failed' });
  expect(named('user')?.run(imageOf({ User: '' }))).toMatchObject({ state: 'failed' });
  expect(named('user')?.run(imageOf({ User: '1000:1000' }))).toMatchObject({ state: 'passed' });
  expect(named('exec-form')?.run(imageOf({ Cmd: ['/bin/sh', '-c', 'python app.py'] }))).toMatchObject({
    state: 'failed',
  });
  expect(named('exec-form')?.run(imageOf({ Cmd: ['/bin/sh', '-c', 'exec python app.py'] }))).toMatchObject({
    state: 'passed',
  });
  expect(named('platform')?.run(imageOf({}, 's390x'))).toMatchObject({ state: 'failed' });
});

test('being killed is no graceful end', () => {
  expect(endsGracefully({ exitCode: 137, ms: 10_000, graceSeconds: 10 })).toMatchObject({ state: 'failed' });
  expect(endsGracefully({ exitCode: 143, ms: 200, graceSeconds: 10 })).toMatchObject({ state: 'passed' });
});

test('a connection that is refused is told as such', async () => {
  await expect(send({ host: '127.0.0.1', port: 1 }, { method: 'GET', path: '/' })).rejects.toMatchObject({
    message: 'GET / got no answer',
    why: expect.stringContaining('ECONNREFUSED'),
  });
});
