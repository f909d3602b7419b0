import { closeSync, openSync } from 'node:fs';
import { mkdtempDisposable, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { createDonorReads } from './donor-reads.ts';

test('whatever is read in whatever order is what the files hold', async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'reads-'));
  using cleanup = new DisposableStack();
  const files = await Promise.all(
    Array.from({ length: 7 }, async (_, index) => {
      const bytes = Buffer.from(Uint32Array.from({ length: 800_000 }, (__, at) => at * 31 + index).buffer);
      await writeFile(join(folder.path, `${index}`), bytes);
      return { bytes, fd: cleanup.adopt(openSync(join(folder.path, `${index}`), 'r'), closeSync), at: 0 };
    }),
  );
  const reads = createDonorReads();
  let word = 7;
  const random = (limit: number): number => {
    word = (Math.imul(word, 1_103_515_245) + 12_345) >>> 0;
    return (word >>> 8) % limit;
  };
  for (let round = 0; round < 5000; round += 1) {
    const file = files[random(round % 2 === 0 ? 2 : files.length)];
    if (file === undefined) throw new Error('no file');
    // One behind the other as a rule, sometimes elsewhere, sometimes beyond the end.
    const offset = random(10) === 0 ? random(file.bytes.length + 1000) : file.at + random(2000);
    const length = 1 + random(random(20) === 0 ? 1_500_000 : 60_000);
    const found = reads.read(file.fd, offset, length);
    expect(found.equals(file.bytes.subarray(offset, offset + Math.min(length, 1024 * 1024)))).toBe(true);
    file.at = offset + length > file.bytes.length ? 0 : offset + length;
  }
});
