import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { type Certificate, certificatesBeyond, parseCertificates, subjectOf } from '#lib/certificates.ts';
import { writeAtomic } from '#lib/files/write-atomic.ts';
import { openRoot } from '#lib/files/open-root.ts';
import { hexOf } from '#oci/digest.ts';
import { sha256 } from '#lib/sha256.ts';
import { findHostCertificates, type TrustPlaces } from './host-certificates.ts';
import { readSmallFile } from './users.ts';

/** Where a container finds the bundle: a folder of ours, so that no file of the image is covered. */
export const CA_FOLDER = '/run/berth/ca';
const BUNDLE = `${CA_FOLDER}/bundle.pem`;
const APT_CONF = `${CA_FOLDER}/apt.conf`;
const BUNDLE_LIMIT_BYTES = 4 * 1024 * 1024;

/** Where images keep their own bundle: Debian and Alpine, Fedora and RHEL, SUSE, others. */
const IMAGE_BUNDLES = [
  '/etc/ssl/certs/ca-certificates.crt',
  '/etc/pki/tls/certs/ca-bundle.crt',
  '/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem',
  '/etc/ssl/ca-bundle.pem',
  '/etc/ssl/cert.pem',
] as const;

/** What programs read to learn whom to trust; apt wants a file of its own settings. */
const VARIABLES: Readonly<Record<string, string>> = {
  SSL_CERT_FILE: BUNDLE,
  PIP_CERT: BUNDLE,
  REQUESTS_CA_BUNDLE: BUNDLE,
  CURL_CA_BUNDLE: BUNDLE,
  NODE_EXTRA_CA_CERTS: BUNDLE,
  GIT_SSL_CAINFO: BUNDLE,
  AWS_CA_BUNDLE: BUNDLE,
  CARGO_HTTP_CAINFO: BUNDLE,
  APT_CONFIG: APT_CONF,
};

/** What is added to a container so that it trusts whom the host trusts. It is no part of the image. */
export interface HostCaAddition {
  mounts: readonly { source: string; destination: string; options: readonly string[] }[];
  /** `NAME=value`; a name that the container sets itself is not among them. */
  env: readonly string[];
}

/** Certificate authorities that this host trusts beyond those its distribution ships, such as a company's TLS proxy. */
export interface HostCa {
  /** Whose they are; empty if there are none. */
  subjects(): Promise<readonly string[]>;
  /**
   * Makes a bundle of the image's own authorities and the host's for a tree mounted at `rootfs`.
   * @returns undefined if the host has none to add
   */
  additionFor(rootfs: string, env: readonly string[]): Promise<HostCaAddition | undefined>;
}

/**
 * Bundles are kept below the run-time folder, one per content. Those of a former engine stay: containers that run have them mounted, and
 * to empty a folder empties what they see.
 */
export async function openHostCa(options: {
  execRoot: string;
  environment?: Readonly<Record<string, string | undefined>>;
  places?: TrustPlaces;
}): Promise<HostCa> {
  const root = join(options.execRoot, 'host-ca');
  await mkdir(root, { recursive: true, mode: 0o755 });
  const find = remember(async () => findHostCertificates(options.environment ?? process.env, options.places));

  return {
    subjects: async () => (await find()).extra.map(subjectOf),

    async additionFor(rootfs, env) {
      const host = await find();
      if (host.extra.length === 0) return undefined;
      const own = readImageBundle(rootfs);
      const known = own.length > 0 ? own : host.all;
      const source = await writeBundle(root, [...known, ...certificatesBeyond(host.extra, known)]);
      const set = new Set(env.map((entry) => entry.split('=', 1)[0]));
      return {
        mounts: [{ source, destination: CA_FOLDER, options: ['rbind', 'ro', 'nosuid', 'nodev', 'noexec'] }],
        env: Object.entries(VARIABLES)
          .filter(([name]) => !set.has(name))
          .map(([name, value]) => `${name}=${value}`),
      };
    },
  };
}

function readImageBundle(rootfs: string): Certificate[] {
  using root = openRoot(rootfs);
  for (const path of IMAGE_BUNDLES) {
    const certificates = parseCertificates(readSmallFile(root, path, BUNDLE_LIMIT_BYTES));
    if (certificates.length > 0) return certificates;
  }
  return [];
}

/** @returns the folder that is mounted */
async function writeBundle(root: string, certificates: readonly Certificate[]): Promise<string> {
  const bundle = certificates.map(({ pem }) => pem).join('');
  const folder = join(root, hexOf(sha256(bundle)));
  const conf = join(folder, 'apt.conf');
  if (existsSync(conf)) return folder;
  await mkdir(folder, { recursive: true, mode: 0o755 });
  await writeAtomic(join(folder, 'bundle.pem'), bundle, 0o444);
  // Last: its being there says that the folder is whole.
  await writeAtomic(conf, `Acquire::https::CaInfo "${BUNDLE}";\n`, 0o444);
  return folder;
}

/** Reading some hundred files for each step of a build would be felt; an administrator who adds an authority waits for it this long. */
const REMEMBERED_MS = 10_000;

function remember<T>(work: () => Promise<T>): () => Promise<T> {
  let known: { at: number; value: Promise<T> } | undefined;
  return async () => {
    if (known === undefined || Date.now() - known.at > REMEMBERED_MS) known = { at: Date.now(), value: work() };
    return known.value;
  };
}
