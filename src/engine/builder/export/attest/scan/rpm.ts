import { mkdtempDisposable, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { Root } from '#lib/files/open-root.ts';
import { packageUrl } from '#oci/package-url.ts';
import type { Distribution, FoundPackage } from './found-package.ts';
import { kindAt, readBytes } from './read-text.ts';
import { readRpmHeader } from './rpm-header.ts';

const FOLDERS = ['usr/lib/sysimage/rpm', 'var/lib/rpm'];
/** Older forms, which only rpm itself reads. */
const OLDER = { Packages: 'Berkeley DB', 'Packages.db': 'ndb' } as const;

/** Packages of Fedora, SUSE and what comes from them (rpm, database in SQLite). */
export async function scanRpm(
  root: Root,
  { distribution, scratch }: { distribution: Distribution; scratch: string },
): Promise<{ packages: FoundPackage[]; unread: string[] }> {
  for (const folder of FOLDERS) {
    const path = `${folder}/rpmdb.sqlite`;
    const bytes = readBytes(root, path);
    if (bytes !== undefined) return readDatabase(bytes, { path, distribution, scratch });
    for (const [name, form] of Object.entries(OLDER))
      if (kindAt(root, `${folder}/${name}`) === 'file')
        return { packages: [], unread: [`packages of rpm at /${folder}/${name} are not told: their form is ${form}`] };
  }
  return { packages: [], unread: [] };
}

async function readDatabase(
  bytes: Buffer,
  { path, distribution, scratch }: { path: string; distribution: Distribution; scratch: string },
): Promise<{ packages: FoundPackage[]; unread: string[] }> {
  await using folder = await mkdtempDisposable(join(scratch, 'rpm-'));
  const copy = join(folder.path, 'rpmdb.sqlite');
  await writeFile(copy, bytes, { mode: 0o600 });
  try {
    using database = new DatabaseSync(copy, { readOnly: true, allowExtension: false });
    database.exec('PRAGMA trusted_schema=OFF');
    const packages: FoundPackage[] = [];
    for (const { blob } of database.prepare('SELECT blob FROM Packages').iterate() as Iterable<{ blob: unknown }>) {
      const found = blob instanceof Uint8Array ? readPackage(Buffer.from(blob), { path, distribution }) : undefined;
      if (found !== undefined) packages.push(found);
    }
    return { packages, unread: [] };
  } catch (error) {
    return { packages: [], unread: [`packages of rpm at /${path} are not told: ${(error as Error).message}`] };
  }
}

function readPackage(
  blob: Buffer,
  { path, distribution: { id, versionId } }: { path: string; distribution: Distribution },
): FoundPackage | undefined {
  const header = readRpmHeader(blob);
  const { name, version: plain, release, epoch, arch, license, vendor, source } = header;
  // Keys that packages are signed with are kept like packages.
  if (name === undefined || plain === undefined || name === 'gpg-pubkey') return undefined;
  const version = release === undefined ? plain : `${plain}-${release}`;
  const qualifiers = {
    arch: arch ?? '',
    distro: versionId === '' ? '' : `${id}-${versionId}`,
    epoch: epoch === undefined ? '' : String(epoch),
    upstream: source ?? '',
  };
  return {
    type: 'rpm',
    name,
    version,
    path,
    url: packageUrl({ type: 'rpm', namespace: id === '' ? 'redhat' : id, name, version, qualifiers }),
    ...(license !== undefined && { license }),
    ...(vendor !== undefined && { supplier: vendor }),
  };
}
