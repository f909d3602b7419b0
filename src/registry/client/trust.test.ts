import { execFileSync } from 'node:child_process';
import { mkdir, mkdtempDisposable, readFile, writeFile } from 'node:fs/promises';
import { createServer } from 'node:https';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { secureContextOf } from './trust.ts';
import { openWire } from './wire.ts';

test('an authority in certs.d is trusted for its host alone', async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'trust-'));
  const key = join(folder.path, 'key.pem');
  const certificate = join(folder.path, 'cert.pem');
  const subject = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost'];
  execFileSync(
    'openssl',
    ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-keyout', key, '-out', certificate, ...subject],
    {
      stdio: 'ignore',
    },
  );
  const material = { key: await readFile(key), cert: await readFile(certificate) };
  const server = createServer(material, (_, response) => response.end('ok'));
  server.listen(0, 'localhost');
  await once(server, 'listening');
  const host = `localhost:${(server.address() as { port: number }).port}`;
  const url = new URL(`https://${host}/`);
  try {
    using untrusting = open(folder.path);
    await expect(untrusting.send({ method: 'GET', url })).rejects.toThrow('its certificate is not trusted');
    await mkdir(join(folder.path, host));
    await writeFile(join(folder.path, host, 'ca.crt'), material.cert);
    using trusting = open(folder.path);
    const response = await trusting.send({ method: 'GET', url });
    expect(response.status).toBe(200);
    response.body.resume();
  } finally {
    server.closeAllConnections();
    server.close();
  }
});

function open(folder: string): ReturnType<typeof openWire> {
  return openWire({ secureContext: (name) => secureContextOf(name, [folder]), isInsecure: () => false, stallMs: 2000 });
}
