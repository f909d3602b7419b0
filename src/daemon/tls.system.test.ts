import { mkdtempDisposable, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { once } from 'node:events';
import { join } from 'node:path';
import { expect, test } from 'vitest';
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
  expect((await engine.command([...docker, '--tlscert', '', '--tlskey', '', ...version])).code).not.toBe(0);
  expect((await engine.command(['docker', '--host', `tcp://127.0.0.1:${port}`, ...version])).code).not.toBe(0);
});
