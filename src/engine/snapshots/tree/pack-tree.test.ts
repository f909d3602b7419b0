import { chmodSync, linkSync, mkdirSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { mkdtempDisposable } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { openRoot } from '#lib/files/open-root.ts';
import { setXattr } from '#linux/xattr.ts';
import { packTree } from './pack-tree.ts';

const SIZES = [0, 1, 511, 512, 513, 65_535, 65_536, 65_537, 1_048_575, 1_048_576, 2_500_000];

test('small files read in few calls give the same bytes as all others', async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'b-pack-'));
  const at = (name: string): string => join(folder.path, name);
  for (const name of ['d', 'd/deep', 'e']) mkdirSync(at(name));
  for (const [index, size] of SIZES.entries()) {
    const name = index % 2 === 0 ? `size-${size}` : `d/deep/size-${size}`;
    writeFileSync(at(name), Buffer.alloc(size, name));
    chmodSync(at(name), 0o640 + index);
    utimesSync(at(name), 1_000_000 + index, 1_700_000_000.123 + index);
  }
  writeFileSync(at('e/attributes'), 'x');
  setXattr(at('e/attributes'), 'user.note', Buffer.from('value'));
  writeFileSync(at('e/first'), 'two names');
  linkSync(at('e/first'), at('e/second'));
  symlinkSync('first', at('e/link'));
  writeFileSync(at(`e/${'long'.repeat(50)}`), 'long');
  writeFileSync(Buffer.concat([Buffer.from(`${folder.path}/e/`), Buffer.from([0xff, 0x41])]), 'no UTF-8');
  using root = openRoot(folder.path);
  const pack = async (whiteouts: boolean): Promise<Buffer> =>
    Buffer.concat(await Array.fromAsync(packTree(root, '', { whiteouts })));
  const usual = await pack(false);
  expect(usual.length).toBeGreaterThan(4_000_000);
  expect((await pack(true)).equals(usual)).toBe(true);
});
