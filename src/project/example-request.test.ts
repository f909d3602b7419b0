import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { curlLine, findRequest } from './example-request.ts';
import { freePort, isPortFree } from './free-port.ts';
import { type Address, waitUntilAnswers } from './wait-until-answers.ts';

const servers: Server[] = [];

async function serve(answer: (path: string, body: string) => [number, string]): Promise<Address> {
  const server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk: Buffer) => (body += chunk.toString()));
    request.on('end', () => {
      const [status, text] = answer(request.url ?? '', body);
      response.writeHead(status).end(text);
    });
  });
  servers.push(server);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { host: '127.0.0.1', port: (server.address() as AddressInfo).port };
}

afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

const source = { file: 'app.py', line: 1 };

test('only a request that the service answers well is told', async () => {
  const address = await serve((path, body) =>
    path === '/predict' && body.includes('good') ? [200, '{"y":\n 1}'] : [400, 'no'],
  );
  const wrong = { method: 'POST', path: '/predict', body: '{"x":"bad"}', source };
  const right = { method: 'POST', path: '/predict', body: '{"x":"good"}', source };
  expect(await findRequest(address, [wrong, right])).toMatchObject({ body: '{"x":"good"}', answer: '{"y": 1}' });
  expect(await findRequest(address, [wrong])).toBeUndefined();
});

test('OpenAPI describes a request: by its example, else by its types', async () => {
  const description = {
    paths: { '/v1/predict': { post: { requestBody: { content: { 'application/json': { schema: { $ref: '#/components/schemas/In' } } } } } }, '/delete': { post: {} } },
    components: { schemas: { In: { properties: { text: { type: 'string' }, n: { type: 'integer', minimum: 3 }, rows: { type: 'array', minItems: 2, items: { prefixItems: [{ type: 'number' }, { type: 'number' }], type: 'array' } }, kind: { enum: ['a', 'b'] }, self: { $ref: '#/components/schemas/In2' } } }, In2: { examples: [{ z: 1 }] } } },
  }; // prettier-ignore
  const bodies: string[] = [];
  const address = await serve((path, body) => {
    if (path === '/openapi.json') return [200, JSON.stringify(description)];
    bodies.push(body);
    return [200, 'ok'];
  });
  expect(await findRequest(address, [])).toMatchObject({ path: '/v1/predict', answer: 'ok' });
  expect(JSON.parse(bodies[0] ?? '')).toEqual({ text: 'hello', n: 3, rows: [[1, 1], [1, 1]], kind: 'a', self: { z: 1 } }); // prettier-ignore
});

test('a curl line survives quotes', () => {
  const line = curlLine({ host: '127.0.0.1', port: 80 }, { method: 'POST', path: '/p', body: `{"a":"it's"}` });
  expect(line).toBe(
    String.raw`curl -X POST http://127.0.0.1:80/p -H 'Content-Type: application/json' -d '{"a":"it'\''s"}'`,
  );
});

test('waiting goes on while nothing answers or the answer is that it is not ready', async () => {
  let calls = 0;
  const address = await serve(() => (++calls < 3 ? [503, 'loading'] : [404, 'here']));
  expect(await waitUntilAnswers(address, '/', { timeoutMs: 5000 })).toMatchObject({ status: 404 });
  expect(calls).toBe(3);
  const nobody = { host: '127.0.0.1', port: await freePort(40_000) };
  expect(await waitUntilAnswers(nobody, '/', { timeoutMs: 300 })).toBeUndefined();
  const controller = new AbortController();
  setTimeout(() => controller.abort(), 50);
  expect(await waitUntilAnswers(nobody, '/', { timeoutMs: 10_000, signal: controller.signal })).toBeUndefined();
});

test('a port that is taken is passed over', async () => {
  const { port } = await serve(() => [200, '']);
  expect(await isPortFree(port)).toBe(false);
  expect(await freePort(port)).not.toBe(port);
});
