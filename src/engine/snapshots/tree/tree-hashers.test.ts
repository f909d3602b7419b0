import { chmodSync, mkdirSync, utimesSync, writeFileSync } from 'node:fs';
import { mkdtempDisposable } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { BerthError, CancelledError } from '#lib/errors.ts';
import { sha256 } from '#lib/sha256.ts';
import { hashTree, tarOfTree } from './hash-tree.ts';
import { openTreeHashers } from './tree-hashers.ts';

async function makeTree(): Promise<{ path: string } & AsyncDisposable> {
  const tree = await mkdtempDisposable(join(tmpdir(), 'b-trees-'));
  for (const name of ['a', 'b']) {
    mkdirSync(join(tree.path, name));
    for (let index = 0; index < 50; index++) writeFileSync(join(tree.path, name, `${index}`), `${name}${index}`);
  }
  writeFileSync(join(tree.path, 'large'), Buffer.alloc(3_000_001, 'x'));
  for (const name of ['a', 'b', 'large']) {
    chmodSync(join(tree.path, name), 0o755);
    utimesSync(join(tree.path, name), 1, 1);
  }
  return tree;
}

test('a tree has the digest of its tar, here and in a thread, and more trees than threads wait for their turn', async () => {
  await using tree = await makeTree();
  await using hashers = openTreeHashers({ count: 2 });
  const tar = Buffer.concat(await Array.fromAsync(tarOfTree({ path: tree.path, below: [] })));
  const expected = { diffId: sha256(tar), tarBytes: tar.length };
  expect(await hashTree({ path: tree.path, below: [] })).toEqual(expected);
  const all = Array.from({ length: 5 }, () => hashers.hash({ path: tree.path, below: [] }));
  for (const hashed of await Promise.all(all)) expect(hashed).toEqual(expected);
});

test('a tree that is not there is an error, and the thread is as good as new', async () => {
  await using tree = await makeTree();
  await using hashers = openTreeHashers({ count: 1 });
  await expect(hashers.hash({ path: join(tree.path, 'none'), below: [] })).rejects.toThrow(BerthError);
  expect((await hashers.hash({ path: tree.path, below: [] })).tarBytes).toBeGreaterThan(3_000_000);
});

test('nothing is hashed when all is over', async () => {
  const hashers = openTreeHashers();
  await hashers[Symbol.asyncDispose]();
  await expect(hashers.hash({ path: tmpdir(), below: [] })).rejects.toThrow(CancelledError);
});
