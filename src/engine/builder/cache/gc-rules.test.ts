import { expect, test } from 'vitest';
import { gcRules, parseDiskShare } from './gc-rules.ts';

const TERABYTE = 1e12;

test('by default the cache keeps a share of the disk, and what is easily made again goes first', () => {
  const rules = gcRules({ enabled: true }, { bytes: 100e9 });
  expect(rules.map(({ all, filters }) => [all, filters])).toEqual([
    [false, ['type==source.local', 'type==source.git.checkout']],
    [false, ['type==exec.cachemount']],
    [false, []],
    [false, []],
    [true, []],
  ]);
  expect(rules[3]).toMatchObject({ reservedBytes: 10e9, maxUsedBytes: 60e9, minFreeBytes: 20e9 });
  expect(gcRules({ enabled: true }, { bytes: TERABYTE })[4]).toMatchObject({
    reservedBytes: 10e9,
    maxUsedBytes: 100e9,
    minFreeBytes: 200e9,
  });
  expect(gcRules({ enabled: false }, { bytes: TERABYTE })).toEqual([]);
});

test('limits and rules of the configuration take the place of the defaults', () => {
  const [, , , limits] = gcRules({ enabled: true, reserved: { bytes: 5 }, maxUsed: { share: 0.5 } }, { bytes: 100 });
  expect(limits).toEqual({ all: false, filters: [], reservedBytes: 5, maxUsedBytes: 50 });
  const policy = [{ all: true, filters: ['type==regular'], keepDurationMs: 7, minFree: { share: 0.1 } }];
  expect(gcRules({ enabled: true, policy }, { bytes: 100 })).toEqual([
    { all: true, filters: ['type==regular'], keepDurationMs: 7, minFreeBytes: 10 },
  ]);
});

test('sizes are read as dockerd reads them, or as shares', () => {
  expect(parseDiskShare('20GB')).toEqual({ bytes: 20 * 2 ** 30 });
  expect(parseDiskShare('1.5g')).toEqual({ bytes: 1.5 * 2 ** 30 });
  expect(parseDiskShare('512 MiB')).toEqual({ bytes: 512 * 2 ** 20 });
  expect(parseDiskShare('1000')).toEqual({ bytes: 1000 });
  expect(parseDiskShare('12.5%')).toEqual({ share: 0.125 });
  for (const text of ['', 'much', '120%', '-1GB', '1 GB 2']) expect(() => parseDiskShare(text)).toThrow('invalid size');
});
