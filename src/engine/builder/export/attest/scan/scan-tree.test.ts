import { mkdir, mkdtempDisposable, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { expect, test } from 'vitest';
import { openRoot } from '#lib/files/open-root.ts';
import type { Scan } from './found-package.ts';
import { readRpmHeader } from './rpm-header.ts';
import { scanTree } from './scan-tree.ts';

async function scan(files: Readonly<Record<string, string>>, prepare?: (root: string) => unknown): Promise<Scan> {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'scan-'));
  const path = join(folder.path, 'root');
  await mkdir(path);
  for (const [name, text] of Object.entries(files)) {
    await mkdir(dirname(join(path, name)), { recursive: true });
    await writeFile(join(path, name), text);
  }
  await prepare?.(path);
  using root = openRoot(path);
  return await scanTree(root, { scratch: folder.path, signal: new AbortController().signal });
}

function urls({ packages }: Scan): string[] {
  return packages.map(({ url }) => url);
}

test('packages of Debian, also of images without dpkg; what is removed is not told', async () => {
  const found = await scan({
    'etc/os-release': 'ID=debian\nVERSION_ID="12"\n',
    'var/lib/dpkg/status':
      'Package: libc6\nStatus: install ok installed\nMaintainer: A <a@b>\nArchitecture: amd64\nSource: glibc (2.36)\nVersion: 2.36-9+deb12u1\nDescription: x\n more: text\n\nPackage: gone\nStatus: deinstall ok config-files\nVersion: 1\n',
    'var/lib/dpkg/status.d/base-files': 'Package: base-files\nVersion: 12.4\nArchitecture: all\n',
    'var/lib/dpkg/status.d/base-files.md5sums': 'Package: wrong\nVersion: 1\n',
  });
  expect(urls(found)).toEqual([
    'pkg:deb/debian/base-files@12.4?arch=all&distro=debian-12',
    'pkg:deb/debian/libc6@2.36-9%2Bdeb12u1?arch=amd64&distro=debian-12&upstream=glibc%402.36',
  ]);
  expect(found.packages[1]?.supplier).toBe('A <a@b>');
});

test('packages of Alpine', async () => {
  const found = await scan({
    'etc/os-release': 'ID=alpine\nVERSION_ID=3.20.1\n',
    'lib/apk/db/installed':
      'C:Q1x=\nP:musl\nV:1.2.5-r0\nA:x86_64\nL:MIT\no:musl\nF:lib\nR:a\n\nP:zlib\nV:1.3\nA:x86_64\n\n',
  });
  expect(urls(found)).toEqual([
    'pkg:apk/alpine/musl@1.2.5-r0?arch=x86_64&distro=alpine-3.20.1&upstream=musl',
    'pkg:apk/alpine/zlib@1.3?arch=x86_64&distro=alpine-3.20.1',
  ]);
  expect(found.packages[0]?.license).toBe('MIT');
});

/** A header as rpm writes it. */
function rpmHeader(fields: readonly (readonly [tag: number, type: number, value: string | number])[]): Buffer {
  const entries: Buffer[] = [];
  let store = Buffer.alloc(0);
  for (const [tag, type, value] of fields) {
    const entry = Buffer.alloc(16);
    entry.writeUInt32BE(tag, 0);
    entry.writeUInt32BE(type, 4);
    entry.writeUInt32BE(store.length, 8);
    entry.writeUInt32BE(1, 12);
    entries.push(entry);
    const number = Buffer.alloc(4);
    if (typeof value === 'number') number.writeUInt32BE(value);
    store = Buffer.concat([store, typeof value === 'number' ? number : Buffer.from(`${value}\0`)]);
  }
  const counts = Buffer.alloc(8);
  counts.writeUInt32BE(fields.length, 0);
  counts.writeUInt32BE(store.length, 4);
  return Buffer.concat([counts, ...entries, store]);
}

const BASH = rpmHeader([
  [1003, 4, 2],
  [1000, 6, 'bash'],
  [1001, 6, '5.2'],
  [1002, 6, '1.fc40'],
  [1022, 6, 'x86_64'],
  [1014, 9, 'GPLv3+'],
]);

test('packages of rpm in SQLite; of older databases it is told that they are not read', async () => {
  const found = await scan({ 'etc/os-release': 'ID=fedora\nVERSION_ID=40\n' }, async (root) => {
    await mkdir(join(root, 'usr/lib/sysimage/rpm'), { recursive: true });
    using database = new DatabaseSync(join(root, 'usr/lib/sysimage/rpm/rpmdb.sqlite'));
    database.exec('CREATE TABLE Packages (hnum INTEGER PRIMARY KEY, blob BLOB NOT NULL)');
    for (const blob of [BASH, Buffer.from('broken')])
      database.prepare('INSERT INTO Packages (blob) VALUES (?)').run(blob);
  });
  expect(urls(found)).toEqual(['pkg:rpm/fedora/bash@5.2-1.fc40?arch=x86_64&distro=fedora-40&epoch=2']);
  const broken = await scan({ 'var/lib/rpm/rpmdb.sqlite': 'no database' });
  expect(broken.unread[0]).toContain('packages of rpm at /var/lib/rpm/rpmdb.sqlite are not told');
  expect((await scan({ 'var/lib/rpm/Packages': 'x' })).unread[0]).toContain('Berkeley DB');
});

test('any piece of a header of rpm that is broken is absent, and nothing else', () => {
  expect(readRpmHeader(BASH)).toMatchObject({ name: 'bash', epoch: 2, license: 'GPLv3+' });
  for (let length = 0; length < BASH.length; length++) readRpmHeader(BASH.subarray(0, length));
  const lying = Buffer.from(BASH);
  lying.writeUInt32BE(0xffffffff, 8 + 16 + 8); // where the name would be
  expect(readRpmHeader(lying)).not.toHaveProperty('name');
  lying.writeUInt32BE(0xffffffff, 0);
  expect(readRpmHeader(lying)).toEqual({});
});

test('packages of Python and npm wherever they lie; links lead to nothing twice', async () => {
  const found = await scan(
    {
      'usr/lib/python3/dist-packages/Foo_Bar-1.0.dist-info/METADATA':
        'Metadata-Version: 2.1\nName: Foo_Bar\nVersion: 1.0\nLicense-Expression: MIT\n\nName: not this\n',
      'opt/venv/lib/site-packages/old.egg-info': 'Name: old\nVersion: 2\n',
      'opt/venv/lib/site-packages/older.egg-info/PKG-INFO': 'Name: older\nVersion: 3\n',
      'app/node_modules/left-pad/package.json': '{"name":"left-pad","version":"1.3.0","license":"WTFPL"}',
      'app/node_modules/@scope/x/package.json': '{"name":"@scope/x","version":"0.1.0"}',
      'app/node_modules/left-pad/test/package.json': '{"name":"fixture","version":"9"}',
      'app/node_modules/broken/package.json': '{"name":',
      'proc/node_modules/x/package.json': '{"name":"hidden","version":"1"}',
    },
    async (root) => {
      await symlink('opt', join(root, 'linked'));
      await symlink('/etc', join(root, 'app/node_modules/outside'));
      await symlink('status', join(root, 'status'));
      await writeFile(join(root, 'lib'), 'a file where a folder should be');
    },
  );
  expect(urls(found)).toEqual([
    'pkg:npm/%40scope/x@0.1.0',
    'pkg:npm/left-pad@1.3.0',
    'pkg:pypi/foo-bar@1.0',
    'pkg:pypi/old@2',
    'pkg:pypi/older@3',
  ]);
});
