import { mkdtempDisposable, readFile, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { once } from 'node:events';
import { join } from 'node:path';
import { connect } from 'node:tls';
import { expect, test } from 'vitest';
import { callUnary } from '#lib/grpc/call-unary.ts';
import { openGrpcClient } from '#lib/grpc/client.ts';
import { int32 } from '#lib/protobuf/field.ts';
import { message } from '#lib/protobuf/message.ts';
import { run } from '#lib/run.ts';
import { importBusybox } from '../../test/support/base-image.ts';
import { startEngine } from '../../test/support/engine.ts';

/** A certificate authority in a folder, and certificates of it. */
async function createAuthority(folder: string): Promise<void> {
  await openssl(folder, 'req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2', '-subj', '/CN=authority', '-keyout', 'ca-key.pem', '-out', 'ca.pem'); // prettier-ignore
}

async function createCertificate(folder: string, { name, usage }: { name: string; usage: string }): Promise<void> {
  await openssl(folder, 'req', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-subj', `/CN=${name}`, '-keyout', `${name}-key.pem`, '-out', `${name}.csr`); // prettier-ignore
  await writeFile(
    join(folder, `${name}.ext`),
    `subjectAltName=IP:127.0.0.1,DNS:localhost\nextendedKeyUsage=${usage}\n`,
  );
  await openssl(folder, 'x509', '-req', '-in', `${name}.csr`, '-CA', 'ca.pem', '-CAkey', 'ca-key.pem', '-CAcreateserial', '-days', '2', '-out', `${name}.pem`, '-extfile', `${name}.ext`); // prettier-ignore
}

async function openssl(cwd: string, ...args: string[]): Promise<void> {
  await run(['openssl', ...args], { cwd });
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  server.close();
  return port;
}

/** One call of gRPC over TLS: after an upgrade from HTTP/1, or agreed on with the certificate. @returns what was agreed on */
async function checkHealth(
  at: (name: string) => string,
  ...[port, { isUpgraded }]: [port: number, { isUpgraded: boolean }]
): Promise<string> {
  const [ca, cert, key] = await Promise.all(
    ['ca.pem', 'client.pem', 'client-key.pem'].map((name) => readFile(at(name))),
  );
  const protocols = isUpgraded ? ['http/1.1'] : ['h2'];
  const socket = connect({ host: '127.0.0.1', port, ca, cert, key, ALPNProtocols: protocols });
  await once(socket, 'secureConnect');
  if (isUpgraded) {
    socket.write('POST /grpc HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n');
    await once(socket, 'readable');
    const answer = socket.read() as Buffer;
    const end = answer.indexOf('\r\n\r\n') + 4;
    expect(answer.subarray(0, end).toString()).toContain('101');
    if (end < answer.length) socket.unshift(answer.subarray(end));
  }
  using client = openGrpcClient(socket);
  const HEALTH = message({ status: int32(1) });
  const check = { path: '/grpc.health.v1.Health/Check', request: message({}), answer: HEALTH };
  expect(await callUnary(client, check, { value: {} })).toEqual({ status: 1 });
  return isUpgraded ? 'h2c' : String(socket.alpnProtocol);
}

test('over TCP a client with a certificate of the authority is served, any other is not', async () => {
  await using folder = await mkdtempDisposable('/tmp/b-tls-');
  const at = (name: string): string => join(folder.path, name);
  await createAuthority(folder.path);
  await createCertificate(folder.path, { name: 'server', usage: 'serverAuth' });
  await createCertificate(folder.path, { name: 'client', usage: 'clientAuth' });
  const port = await freePort();
  const tls = [
    '--tlsverify',
    '--tlscacert',
    at('ca.pem'),
    '--tlscert',
    at('server.pem'),
    '--tlskey',
    at('server-key.pem'),
  ];
  await using engine = await startEngine({ flags: [...tls, '--host', `tcp://127.0.0.1:${port}`] });

  const docker = ['docker', '--host', `tcp://127.0.0.1:${port}`, '--tlsverify', '--tlscacert', at('ca.pem')];
  const known = [...docker, '--tlscert', at('client.pem'), '--tlskey', at('client-key.pem')];
  const version = ['version', '--format', '{{.Server.Version}}'];
  expect(await engine.command([...known, ...version])).toMatchObject({ code: 0, stderr: '' });
  await importBusybox(engine);
  const cat = [...known, 'run', '--rm', '--interactive', '--network', 'none', 'busybox', 'cat'];
  expect(await engine.command(cat, { input: 'over TLS\n' })).toMatchObject({ code: 0, stdout: 'over TLS\n' });
  await expect(checkHealth(at, port, { isUpgraded: true })).resolves.toBe('h2c');
  await expect(checkHealth(at, port, { isUpgraded: false })).resolves.toBe('h2');
  expect((await engine.command([...docker, '--tlscert', '', '--tlskey', '', ...version])).code).not.toBe(0);
  expect((await engine.command(['docker', '--host', `tcp://127.0.0.1:${port}`, ...version])).code).not.toBe(0);
});
