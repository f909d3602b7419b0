import {
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openRoot } from '#lib/files/open-root.ts';
import { makeNode } from '#linux/mknod.ts';
import { setXattr } from '#linux/xattr.ts';
import { openCacheView } from './cache-view.ts';
import { mergeFormer } from './merge-former.ts';

let folder = '';

beforeEach(() => {
  folder = mkdtempSync('/var/tmp/b-packages-');
  for (const name of ['store', 'scratch', 'mounts', 'changed', 'below', 'upper', 'lower'])
    mkdirSync(join(folder, name));
});
afterEach(() => rmSync(folder, { recursive: true }));

function put(path: string, text = path): void {
  mkdirSync(dirname(join(folder, path)), { recursive: true });
  writeFileSync(join(folder, path), text);
}

function read(path: string): string | undefined {
  return existsSync(join(folder, path)) ? readFileSync(join(folder, path), 'utf8') : undefined;
}

const places = (): Parameters<typeof openCacheView>[0] => ({
  store: join(folder, 'store'),
  scratch: join(folder, 'scratch'),
  mountRoot: join(folder, 'mounts'),
});

test('a cache takes what was added, keeps what was removed in the view, and leaves nothing behind', async () => {
  put('store/http/old', 'old');
  put('store/http/changed', 'before');
  {
    await using view = await openCacheView(places());
    const at = (path: string): string => join(view.path, path);
    expect(readFileSync(at('http/old'), 'utf8')).toBe('old');
    rmSync(at('http/old'));
    writeFileSync(at('http/changed'), 'after');
    mkdirSync(at('http/new'), { mode: 0o700 });
    writeFileSync(at('http/new/file'), 'new', { mode: 0o600 });
    makeNode(at('http/new/device'), { kind: 'character', mode: 0o666, major: 1, minor: 3 });
    mkdirSync(at('wheels'));
    writeFileSync(at('wheels/built'), 'built');
    expect(read('store/http/changed')).toBe('before');
    await view.keep(/^http(\/|$)/);
  }
  expect(read('store/http/old')).toBe('old');
  expect(read('store/http/changed')).toBe('after');
  expect(read('store/http/new/file')).toBe('new');
  expect(lstatSync(join(folder, 'store/http/new')).mode & 0o777).toBe(0o777);
  expect(lstatSync(join(folder, 'store/http/new/file')).mode & 0o777).toBe(0o644);
  expect(existsSync(join(folder, 'store/http/new/device'))).toBe(false);
  expect(existsSync(join(folder, 'store/wheels'))).toBe(false);
  expect(readdirSync(join(folder, 'scratch'))).toEqual([]);
  expect(readdirSync(join(folder, 'mounts'))).toEqual([]);
});

test('of some folders single files are kept: what was fetched, not what was built', async () => {
  const picked = { folder: /^artifacts$/, files: /-any\.whl$/, beside: /\.tar\.gz$/ };
  for (const round of ['one', 'two']) {
    await using view = await openCacheView(places());
    for (const [where, name] of [
      ['fetched', `${round}-any.whl`],
      ['fetched', `${round}-linux_x86_64.whl`],
      ['built', `${round}.tar.gz`],
      ['built', `${round}-any.whl`],
    ] as const) {
      mkdirSync(join(view.path, 'artifacts/a', where), { recursive: true, mode: 0o700 });
      writeFileSync(join(view.path, 'artifacts/a', where, name), name, { mode: 0o600 });
    }
    await view.keep(/^cache(\/|$)/, picked);
  }
  expect(readdirSync(join(folder, 'store/artifacts/a'))).toEqual(['fetched']);
  expect(readdirSync(join(folder, 'store/artifacts/a/fetched')).toSorted()).toEqual(['one-any.whl', 'two-any.whl']);
  expect(lstatSync(join(folder, 'store/artifacts/a/fetched')).mode & 0o777).toBe(0o777);
  expect(lstatSync(join(folder, 'store/artifacts/a/fetched/one-any.whl')).mode & 0o777).toBe(0o644);
});

test('a step that fails leaves the cache as it was', async () => {
  {
    await using view = await openCacheView(places());
    writeFileSync(join(view.path, 'half'), 'half');
  }
  expect(readdirSync(join(folder, 'store'))).toEqual([]);
});

test('former layers are brought in as if they had been changed now', async () => {
  put('below/base/kept');
  put('below/base/hidden');
  put('upper/lib/both', 'from above');
  put('upper/lib/replaced/old');
  put('lower/lib/both', 'from below');
  put('lower/lib/gone');
  put('lower/lib/stays');
  put('changed/lib/replaced/new');
  const removed = (path: string): void =>
    makeNode(join(folder, path), { kind: 'character', mode: 0, major: 0, minor: 0 });
  removed('changed/lib/gone');
  mkdirSync(join(folder, 'lower/base'));
  removed('lower/base/hidden');
  setXattr(join(folder, 'changed/lib/replaced'), 'trusted.overlay.opaque', Buffer.from('y'));
  using changed = openRoot(join(folder, 'changed'), { links: 'refuse' });
  using below = openRoot(join(folder, 'below'));
  const trees = [join(folder, 'upper'), join(folder, 'lower')];
  await mergeFormer({ changed, below, trees });
  expect(read('changed/lib/both')).toBe('from above');
  expect(read('changed/lib/stays')).toBe('lower/lib/stays');
  expect(readdirSync(join(folder, 'changed/lib/replaced'))).toEqual(['new']);
  expect(existsSync(join(folder, 'changed/lib/gone'))).toBe(false);
  expect(lstatSync(join(folder, 'changed/base/hidden')).isCharacterDevice()).toBe(true);
  expect(read('lower/lib/gone')).toBe('lower/lib/gone');
});
