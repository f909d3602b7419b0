import { readdirSync } from 'node:fs';
import { setImmediate } from 'node:timers/promises';
import { parseOsRelease } from '#linux/os-release.ts';
import { decodeName } from '#lib/files/name.ts';
import type { Root } from '#lib/files/open-root.ts';
import { unlessGone } from '#lib/files/unless-gone.ts';
import { scanApk } from './apk.ts';
import { scanDpkg } from './dpkg.ts';
import type { Distribution, FoundPackage, Scan } from './found-package.ts';
import { isNodePackage, readNodePackage } from './npm.ts';
import { isPythonPackage, readPythonPackage } from './python.ts';
import { readText, unlessOdd } from './read-text.ts';
import { scanRpm } from './rpm.ts';

/** Folders that hold no files of the image. */
const LEFT_OUT = ['proc', 'sys', 'dev'];
const FOLDERS_AT_A_TIME = 200;

/** The packages of a tree: those of its distribution, of Python and of npm. */
export async function scanTree(
  root: Root,
  { scratch, signal }: { scratch: string; signal: AbortSignal },
): Promise<Scan> {
  const distribution = distributionOf(root);
  const rpm = await scanRpm(root, { distribution, scratch });
  const packages: FoundPackage[] = [...scanDpkg(root, distribution), ...scanApk(root, distribution), ...rpm.packages];
  let folders = 0;
  for (const { path, isFolder } of walk(root)) {
    if (isPythonPackage(path)) add(packages, readPythonPackage(root, path));
    else if (isFolder && isNodePackage(path)) add(packages, readNodePackage(root, path));
    folders += isFolder ? 1 : 0;
    if (folders < FOLDERS_AT_A_TIME) continue;
    folders = 0;
    signal.throwIfAborted();
    await setImmediate();
  }
  return { packages: packages.toSorted(order), unread: rpm.unread };
}

function order(a: FoundPackage, b: FoundPackage): number {
  return a.url === b.url ? compare(a.path, b.path) : compare(a.url, b.url);
}

function compare(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

function add(packages: FoundPackage[], found: FoundPackage | undefined): void {
  if (found !== undefined) packages.push(found);
}

function distributionOf(root: Root): Distribution {
  const text = readText(root, 'etc/os-release') ?? readText(root, 'usr/lib/os-release');
  if (text === undefined) return { id: '', versionId: '' };
  const { id, versionId } = parseOsRelease(text);
  return { id, versionId };
}

/** Folders, and files that tell of packages of Python. */
function* walk(root: Root): Generator<{ path: string; isFolder: boolean }> {
  const waiting = [''];
  for (let folder = waiting.pop(); folder !== undefined; folder = waiting.pop())
    for (const { name, isFolder } of entriesOf(root, folder)) {
      const path = folder === '' ? name : `${folder}/${name}`;
      if (isFolder && !LEFT_OUT.includes(path)) waiting.push(path);
      if (isFolder || isPythonPackage(name)) yield { path, isFolder };
    }
}

/** A link to a folder is none. */
function entriesOf(root: Root, folder: string): { name: string; isFolder: boolean }[] {
  const entries = unlessOdd(() =>
    unlessGone(() => readdirSync(root.locate(folder).path, { withFileTypes: true, encoding: 'buffer' })),
  );
  return (entries ?? []).map((entry) => ({ name: decodeName(entry.name), isFolder: entry.isDirectory() }));
}
