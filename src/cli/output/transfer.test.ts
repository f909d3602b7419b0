import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import type { Output } from './output.ts';
import { transferText, watchTransfer } from './transfer.ts';

async function* pieces(): AsyncGenerator<Buffer> {
  for (let index = 0; index < 4; index++) {
    await sleep(60);
    yield Buffer.alloc(1000);
  }
}

/** What is written to standard error while the pieces pass, and how many bytes passed. */
async function watched({ isTTY }: { isTTY: boolean }): Promise<{ written: string; bytes: number }> {
  let written = '';
  const stderr = { isTTY, columns: 60, write: (text: string) => (written += text) };
  let bytes = 0;
  for await (const piece of watchTransfer({ stderr } as unknown as Output, pieces(), { label: 'Loading', total: 4000 }))
    bytes += piece.length;
  return { written, bytes };
}

test('on a terminal a line moves and is gone at the end', async () => {
  const { written, bytes } = await watched({ isTTY: true });
  expect(bytes).toBe(4000);
  expect(written).toContain('\r\u001b[2KLoading ');
  expect(written).toContain(' of 4kB (');
  expect(written.endsWith('\r\u001b[2K')).toBe(true);
});

test('elsewhere a transfer that is short says nothing', async () => {
  expect(await watched({ isTTY: false })).toEqual({ written: '', bytes: 4000 });
});

test('a transfer tells bytes, share, speed and the time that is left', () => {
  expect(transferText({ current: 1.2e9, total: 3.4e9, bytesPerSecond: 8.9e8 })).toBe(
    '1.2GB of 3.4GB (35 %), 890MB/s, 2 seconds left',
  );
  expect(transferText({ current: 1.2e9, total: undefined, bytesPerSecond: 8.912e8 })).toBe('1.2GB, 891MB/s');
  expect(transferText({ current: 0, total: 10, bytesPerSecond: 0 })).toBe('0B of 10B (0 %)');
  expect(transferText({ current: 12, total: 10, bytesPerSecond: 1 })).toBe(
    '12B of 10B (100 %), 1B/s, less than a second left',
  );
});
