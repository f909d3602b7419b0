import { mkdir, mkdtempDisposable, readFile, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { parseCertificates } from '#lib/certificates.ts';
import { openHostCa } from './host-ca.ts';
import { findHostCertificates, type TrustPlaces } from './host-certificates.ts';

// Self-signed, made for this test; nobody has their keys.
const stock = `-----BEGIN CERTIFICATE-----
MIIBdzCCAR2gAwIBAgIUW6tStzJTrlJG8+IamnjSsQf8KQ4wCgYIKoZIzj0EAwIw
EDEOMAwGA1UEAwwFU3RvY2swIBcNMjYxMTIxMTIwNTMxWhgPMjEyNjEwMjgxMjA1
MzFaMBAxDjAMBgNVBAMMBVN0b2NrMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE
J+9Hs38i71P9g9zWr/P0mEbb45eviqaYK8tBSMOEj7SY9NYGqis0w5iEiCeXYRmh
iYNqkSDY+6cMTao/Qihdp6NTMFEwHQYDVR0OBBYEFFoY1L86b2O3ZdMCQSrBUMtx
aK42MB8GA1UdIwQYMBaAFFoY1L86b2O3ZdMCQSrBUMtxaK42MA8GA1UdEwEB/wQF
MAMBAf8wCgYIKoZIzj0EAwIDSAAwRQIhAOhdiiTBnxNpascSSKnfiXffghUUVMv0
IkrJaX3hsE6XAiAetkDZUin3SeAk5LDCAoLQUSHa30SBt+LBJBVpDsbJcQ==
-----END CERTIFICATE-----
`;
const company = `-----BEGIN CERTIFICATE-----
MIIBfDCCASGgAwIBAgIUIGQVDQ3WH2g8fphjBseVkUrQYl8wCgYIKoZIzj0EAwIw
EjEQMA4GA1UEAwwHQ29tcGFueTAgFw0yNjExMjExMjA1MzFaGA8yMTI2MTAyODEy
MDUzMVowEjEQMA4GA1UEAwwHQ29tcGFueTBZMBMGByqGSM49AgEGCCqGSM49AwEH
A0IABPFJLa9yShvcKQyVkwdC9jFonTBEZs/9jKjJBOHOVorAITopbvcsnrFuUfL0
SHoBGcyCQWs5SoES0Gk2T9BIeE2jUzBRMB0GA1UdDgQWBBR7mrNN/g23QLrhZbPY
PS1fTt4ZJjAfBgNVHSMEGDAWgBR7mrNN/g23QLrhZbPYPS1fTt4ZJjAPBgNVHRMB
Af8EBTADAQH/MAoGCCqGSM49BAMCA0kAMEYCIQC2ViXiyLU7rug6x/KNsCVVKkrV
uY+nUkp8n6Dn/L98aQIhANdOWPMrnsOowi7A5csPvQHb6D8U0YlqaLWt5U5y9gDN
-----END CERTIFICATE-----
`;

/** A host whose distribution ships one authority; `write` says what else is there. */
async function hostAt(root: string, files: Readonly<Record<string, string>>): Promise<TrustPlaces> {
  for (const [path, text] of Object.entries({ 'stock/a.crt': stock, 'bundle.crt': stock, ...files })) {
    await mkdir(join(root, path, '..'), { recursive: true });
    await writeFile(join(root, path), text);
  }
  return { anchors: [join(root, 'anchors')], stock: [join(root, 'stock')], bundles: [join(root, 'bundle.crt')] };
}

async function extraOf(files: Readonly<Record<string, string>>, environment = {}): Promise<number> {
  await using root = await mkdtempDisposable(join(tmpdir(), 'host-ca-'));
  return (await findHostCertificates(environment, await hostAt(root.path, files))).extra.length;
}

test('a host that trusts what its distribution ships has nothing to add', async () => {
  expect(await extraOf({})).toBe(0);
});

test('authorities are found in the anchors, in the bundle and by the environment, each once', async () => {
  expect(await extraOf({ 'anchors/sub/company.crt': company })).toBe(1);
  expect(await extraOf({ 'bundle.crt': stock + company })).toBe(1);
  expect(await extraOf({ 'bundle.crt': stock + company, 'anchors/company.crt': `\r\n${company}` })).toBe(1);
  await using root = await mkdtempDisposable(join(tmpdir(), 'host-ca-'));
  await writeFile(join(root.path, 'own.pem'), company);
  expect(await extraOf({}, { SSL_CERT_FILE: join(root.path, 'own.pem') })).toBe(1);
});

test('without knowing what the distribution ships its bundle is taken for that', async () => {
  await using root = await mkdtempDisposable(join(tmpdir(), 'host-ca-'));
  const places = await hostAt(root.path, { 'bundle.crt': stock + company });
  expect((await findHostCertificates({}, { ...places, stock: [] })).extra).toEqual([]);
});

test('the bundle holds the authorities of the image and those of the host', async () => {
  await using root = await mkdtempDisposable(join(tmpdir(), 'host-ca-'));
  const places = await hostAt(root.path, { 'anchors/company.crt': company });
  const rootfs = join(root.path, 'rootfs');
  await mkdir(join(rootfs, 'etc/ssl/certs'), { recursive: true });
  await writeFile(join(rootfs, 'etc/ssl/certs/ca-certificates.crt'), stock);
  const ca = await openHostCa({ execRoot: root.path, environment: {}, places });
  expect(await ca.subjects()).toEqual(['CN=Company']);
  const addition = await ca.additionFor(rootfs, ['PIP_CERT=/own', 'PATH=/bin']);
  const [mount] = addition?.mounts ?? [];
  const bundle = await readFile(join(mount?.source ?? '', 'bundle.pem'), 'utf8');
  expect(parseCertificates(bundle).map(({ key }) => key)).toEqual(
    parseCertificates(stock + company).map(({ key }) => key),
  );
  expect(mount?.destination).toBe('/run/berth/ca');
  expect(addition?.env).toContain('SSL_CERT_FILE=/run/berth/ca/bundle.pem');
  expect(addition?.env.some((entry) => entry.startsWith('PIP_CERT='))).toBe(false);
  // Containers that run have it mounted when the engine starts again.
  await openHostCa({ execRoot: root.path, environment: {}, places });
  expect(await readFile(join(mount?.source ?? '', 'bundle.pem'), 'utf8')).toContain('BEGIN CERTIFICATE');
});

test('a bundle of the image that leads out of it is not followed', async () => {
  await using root = await mkdtempDisposable(join(tmpdir(), 'host-ca-'));
  const places = await hostAt(root.path, { 'anchors/company.crt': company, 'secret.pem': stock });
  const rootfs = join(root.path, 'rootfs');
  await mkdir(join(rootfs, 'etc/ssl/certs'), { recursive: true });
  await symlink(join(root.path, 'secret.pem'), join(rootfs, 'etc/ssl/certs/ca-certificates.crt'));
  const ca = await openHostCa({ execRoot: root.path, environment: {}, places: { ...places, bundles: [], stock: [] } });
  const addition = await ca.additionFor(rootfs, []);
  const bundle = await readFile(join(addition?.mounts[0]?.source ?? '', 'bundle.pem'), 'utf8');
  expect(parseCertificates(bundle)).toHaveLength(1);
});

test('a host without further authorities adds nothing to a container', async () => {
  await using root = await mkdtempDisposable(join(tmpdir(), 'host-ca-'));
  const ca = await openHostCa({ execRoot: root.path, environment: {}, places: await hostAt(root.path, {}) });
  expect(await ca.additionFor(root.path, [])).toBeUndefined();
});
