import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { type Certificate, certificatesBeyond, parseCertificates } from '#lib/certificates.ts';

/** Where a host keeps whom it trusts. */
export interface TrustPlaces {
  /** Folders in which an administrator puts authorities. */
  anchors: readonly string[];
  /** Folders with what the distribution ships. */
  stock: readonly string[];
  /** Bundles of all that is trusted, made by the distribution's tool. */
  bundles: readonly string[];
}

/** Debian, Ubuntu and Alpine; Fedora and RHEL; Arch; SUSE. */
export const TRUST_PLACES: TrustPlaces = {
  anchors: [
    '/usr/local/share/ca-certificates',
    '/etc/pki/ca-trust/source/anchors',
    '/etc/ca-certificates/trust-source/anchors',
    '/etc/pki/trust/anchors',
  ],
  stock: ['/usr/share/ca-certificates', '/usr/share/pki/ca-trust-source', '/usr/share/pki/trust'],
  bundles: [
    '/etc/ssl/certs/ca-certificates.crt',
    '/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem',
    '/etc/ssl/ca-bundle.pem',
    '/var/lib/ca-certificates/ca-bundle.pem',
  ],
};

/** Variables of the engine's own environment that name further authorities. */
const VARIABLES = ['SSL_CERT_FILE', 'NODE_EXTRA_CA_CERTS'] as const;
const FILE_LIMIT_BYTES = 4 * 1024 * 1024;
const FILES_LIMIT = 2000;

export interface HostCertificates {
  /** Authorities beyond those that the distribution ships. */
  extra: Certificate[];
  all: Certificate[];
}

export async function findHostCertificates(
  environment: Readonly<Record<string, string | undefined>>,
  places: TrustPlaces = TRUST_PLACES,
): Promise<HostCertificates> {
  const stock = (await Promise.all(places.stock.map(readFolder))).flat();
  const anchors = (await Promise.all(places.anchors.map(readFolder))).flat();
  const bundles = (await Promise.all(places.bundles.map(readCertificates))).flat();
  const named = await Promise.all(VARIABLES.map(async (name) => readCertificates(environment[name] ?? '')));
  // Without knowing what the distribution ships, its bundle tells nothing: it is what everybody has.
  const shipped = stock.length > 0 ? stock : bundles;
  const candidates = unique([...anchors, ...bundles, ...named.flat()]);
  const isAnchor = new Set(anchors.map(({ key }) => key));
  const extra = certificatesBeyond(
    candidates,
    shipped.filter(({ key }) => !isAnchor.has(key)),
  );
  return { extra, all: unique([...bundles, ...stock, ...extra]) };
}

function unique(certificates: readonly Certificate[]): Certificate[] {
  return [...new Map(certificates.map((certificate) => [certificate.key, certificate])).values()];
}

async function readFolder(folder: string): Promise<Certificate[]> {
  const names = await readdir(folder, { recursive: true }).catch(() => []);
  const files = names.slice(0, FILES_LIMIT).map((name) => join(folder, name));
  return (await Promise.all(files.map(readCertificates))).flat();
}

/** Empty for what is no readable file, holds none, or is too large to be a bundle. */
async function readCertificates(path: string): Promise<Certificate[]> {
  const found = path === '' ? undefined : await stat(path).catch(() => undefined);
  if (found === undefined || !found.isFile() || found.size > FILE_LIMIT_BYTES) return [];
  return parseCertificates(await readFile(path, 'utf8').catch(() => ''));
}
