import { mkdtempDisposable, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { Digest } from '#oci/digest.ts';
import { type Candidates, DONORS_LIMIT, type Match } from '../matcher.ts';
import { createCandidateTable, findCandidates, type LayerCandidates } from './candidate-table.ts';
import { createMatcher } from './create-matcher.ts';
import { fileKey } from './file-key.ts';

const KIB = 1024;

interface Content {
  path: string;
  bytes: Buffer;
}

function digestOf(number: number): Digest {
  return `sha256:${number.toString(16).padStart(64, '0')}`;
}

/** Content that is different for each seed, and has no runs. */
function content(seed: number, length: number): Buffer {
  const bytes = Buffer.alloc(length);
  let word = seed + 1;
  for (let at = 0; at < length; at += 1) {
    word = (Math.imul(word, 1_103_515_245) + 12_345) >>> 0;
    bytes[at] = word >>> 16;
  }
  return bytes;
}

/** A file per layer, each with its contents in a row, as a tar has them. */
async function candidatesOf(folder: string, layers: readonly (readonly Content[])[]): Promise<Candidates> {
  const donors = await Promise.all(
    layers.map(async (files, index) => {
      const path = join(folder, `layer-${index}`);
      const blocks = files.flatMap(({ bytes }) => [bytes, Buffer.alloc((512 - (bytes.length % 512)) % 512)]);
      await writeFile(path, Buffer.concat(blocks));
      return { diffId: digestOf(index), path, fileBytes: Buffer.concat(blocks).length };
    }),
  );
  const tables = layers.map((files, index): LayerCandidates => {
    let block = 0;
    const words = files.flatMap(({ path, bytes }) => {
      const key = fileKey(path, bytes.length);
      const at = block;
      block += Math.ceil(bytes.length / 512);
      return [key.name, key.path, 0, at];
    });
    return { words: Uint32Array.from(words), sources: [digestOf(index)] };
  });
  return createCandidateTable(tables, (diffId) => donors.find((donor) => donor.diffId === diffId));
}

/** Compares in pieces. */
function compareAll(match: Match, bytes: Buffer, pieceBytes = 5000): boolean {
  for (let at = 0; at < bytes.length; at += pieceBytes)
    if (!match.compare(bytes.subarray(at, at + pieceBytes))) return false;
  return true;
}

test('content at the same path is found, however it is cut', async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'berth-matcher-'));
  const bytes = content(1, 3_000_001);
  const before = { path: 'a/other', bytes: content(2, 40 * KIB) };
  using matcher = createMatcher(await candidatesOf(folder.path, [[before, { path: 'usr/lib/x.so', bytes }]]));
  for (const pieceBytes of [1, 700, 1_500_000, 4_000_000]) {
    const match = matcher.begin('./usr/lib/x.so', bytes.length);
    const first = bytes.subarray(0, pieceBytes === 1 ? 20 : bytes.length);
    expect(match !== undefined && compareAll(match, first, pieceBytes)).toBe(true);
    expect(match?.offset).toBe(40 * KIB);
    expect(matcher.donors[match?.donor ?? -1]?.diffId).toBe(digestOf(0));
  }
});

test('content that differs in its last byte is none, and what was equal before still has its place', async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'berth-matcher-'));
  const bytes = content(1, 100_000);
  using matcher = createMatcher(await candidatesOf(folder.path, [[{ path: 'x', bytes }]]));
  const other = Buffer.from(bytes);
  other[other.length - 1] = (other.at(-1) ?? 0) ^ 1;
  const match = matcher.begin('x', other.length);
  expect(match && compareAll(match, other, 50_000)).toBe(false);
  expect(match?.offset).toBe(0);
  expect(match?.fd).toBeGreaterThan(2);
});

test('another size, a small file and an unknown name are not looked for', async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'berth-matcher-'));
  const small = content(2, 1000);
  using matcher = createMatcher(
    await candidatesOf(folder.path, [
      [
        { path: 'x', bytes: content(1, 100_000) },
        { path: 'small', bytes: small },
      ],
    ]),
  );
  expect(matcher.begin('x', 100_001)).toBeUndefined();
  expect(matcher.begin('y', 100_000)).toBeUndefined();
  expect(matcher.begin('small', small.length)).toBeUndefined();
});

test('of several places with the same name the one with the same content is found, moved or not', async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'berth-matcher-'));
  const versions = [1, 2, 3].map((seed) => ({ path: 'old/lib.so', bytes: content(seed, 200_000) }));
  using matcher = createMatcher(
    await candidatesOf(
      folder.path,
      versions.map((version) => [version]),
    ),
  );
  for (const [index, { bytes }] of versions.entries()) {
    const match = matcher.begin('new/folder/lib.so', bytes.length);
    expect(match && compareAll(match, bytes)).toBe(true);
    expect(matcher.donors[match?.donor ?? -1]?.diffId).toBe(digestOf(index));
  }
});

test('of equal places one of a donor in use is taken', async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'berth-matcher-'));
  const [both, second] = [content(1, 150_000), content(2, 150_001)];
  using matcher = createMatcher(
    await candidatesOf(folder.path, [
      [{ path: 'both', bytes: both }],
      [
        { path: 'second', bytes: second },
        { path: 'both', bytes: both },
      ],
    ]),
  );
  for (const [path, bytes] of [
    ['second', second],
    ['both', both],
  ] as const) {
    const match = matcher.begin(path, bytes.length);
    expect(match && compareAll(match, bytes)).toBe(true);
    expect(matcher.donors[match?.donor ?? -1]?.diffId).toBe(digestOf(1));
  }
  expect(matcher.donors).toHaveLength(1);
});

test('no more donors are used than a layer can have', async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'berth-matcher-'));
  const layers = Array.from({ length: DONORS_LIMIT + 3 }, (_, index) => [
    { path: `file-${index}`, bytes: content(index, 20_000) },
  ]);
  using matcher = createMatcher(await candidatesOf(folder.path, layers));
  const found = layers.flat().filter(({ path, bytes }) => {
    const match = matcher.begin(path, bytes.length);
    return match !== undefined && compareAll(match, bytes) && match.donor >= 0;
  });
  expect(found).toHaveLength(DONORS_LIMIT);
  expect(matcher.donors).toHaveLength(DONORS_LIMIT);
});

test('content whose last block goes on with something else is none', async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'berth-matcher-'));
  const bytes = content(1, 20_000);
  const candidates = await candidatesOf(folder.path, [[{ path: 'x', bytes }]]);
  await writeFile(candidates.donors[0]?.path ?? '', Buffer.concat([bytes, Buffer.alloc(480, 7)]));
  using matcher = createMatcher(candidates);
  const match = matcher.begin('x', bytes.length);
  expect(match && compareAll(match, bytes)).toBe(false);
});

test('a donor whose file is gone has nothing', async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'berth-matcher-'));
  const candidates = await candidatesOf(folder.path, [[{ path: 'x', bytes: content(1, 20_000) }]]);
  const gone = candidates.donors.map((donor) => ({ ...donor, path: `${donor.path}-gone` }));
  using matcher = createMatcher({ ...candidates, donors: gone });
  expect(matcher.begin('x', 20_000)).toBeUndefined();
});

test('comparing that is slower than writing is given up when the donor comes from the disk', async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'berth-matcher-'));
  const bytes = content(1, 8 * 1024 * KIB);
  const candidates = await candidatesOf(folder.path, [[{ path: 'x', bytes }]]);
  const filesUntilGivenUp = (blocksPerFile: number): number => {
    let files = 0;
    const diskReads = (): number => files * blocksPerFile;
    using matcher = createMatcher(candidates, { slowestBytesPerSecond: 1e15, diskReads });
    for (let match = matcher.begin('x', bytes.length); match !== undefined && files < 20; files += 1) {
      compareAll(match, bytes, 1024 * KIB);
      match = matcher.begin('x', bytes.length);
    }
    return files;
  };
  expect(filesUntilGivenUp(8 * 2 * KIB)).toBe(16);
  expect(filesUntilGivenUp(10)).toBe(20);
});

test('a name that very many files have does not make the search long', () => {
  const { name, path } = fileKey('same', 50_000);
  const words = Uint32Array.from(Array.from({ length: 10_000 }, (_, index) => [name, path, 0, index]).flat());
  const { table } = createCandidateTable([{ words, sources: [digestOf(0)] }], (diffId) => ({
    diffId,
    path: '',
    fileBytes: 0,
  }));
  expect(findCandidates(new Uint32Array(table), { name, path })).toHaveLength(8);
});
