import { createHash } from 'node:crypto';
import { mkdtempDisposable, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { contentOf, tarOf, type TestFile } from '../../src/engine/layers/dedupe/test-layers.ts';
import { busyboxTar } from '../support/base-image.ts';
import { startEngine, type TestEngine } from '../support/engine.ts';
import { type ImageArchive, makeImageArchive } from '../support/image-archive.ts';
import { imageProblems } from '../support/image-tree.ts';
import { leftInEmptyStore } from '../support/empty-store.ts';

const MIB = 1024 * 1024;
const FORMS = ['directio', 'buffered', 'loop', 'directory'] as const;

let folder: AsyncDisposable & { path: string };
let first: ImageArchive;
let second: ImageArchive;

beforeAll(async () => {
  folder = await mkdtempDisposable('/var/tmp/b-dedupe-');
  const shape = { seed: 5, layers: [12 * MIB] };
  first = await makeImageArchive(folder.path, { ...shape, name: 'versions:1', revision: 1 });
  second = await makeImageArchive(folder.path, { ...shape, name: 'versions:2', revision: 2 });
});

afterAll(async () => {
  await folder?.[Symbol.asyncDispose]();
});

async function load(engine: TestEngine, { path }: ImageArchive): Promise<void> {
  expect(await engine.docker('load', '-i', path)).toMatchObject({ code: 0 });
}

/** Bytes that all layers take on the disk. */
async function layersSize(engine: TestEngine): Promise<number> {
  const { status, text } = await engine.request('GET', '/system/df');
  expect(status, text).toBe(200);
  return (JSON.parse(text) as { LayersSize: number }).LayersSize;
}

async function problems(engine: TestEngine, ...images: readonly ImageArchive[]): Promise<string[]> {
  const found: string[] = [];
  for (const { name, tree } of images) found.push(...(await imageProblems(engine, name, tree)));
  return found;
}

test.each(FORMS)(
  'two versions of an image share their content, and one stays whole without the other (%s)',
  async (form) => {
    await using engine = await startEngine({ flags: [`--layer-mounts=${form}`] });
    await load(engine, first);
    const one = await layersSize(engine);
    await load(engine, second);
    const both = await layersSize(engine);
    if (form !== 'directory') expect(both - one).toBeLessThan(3 * MIB);
    expect(await problems(engine, first, second)).toEqual([]);
    expect(await engine.docker('rmi', first.name)).toMatchObject({ code: 0 });
    expect(await problems(engine, second)).toEqual([]);
    expect(await engine.berth('fsck')).toMatchObject({ code: 0 });
    await load(engine, first);
    expect(await problems(engine, first, second)).toEqual([]);
    expect(await engine.docker('rmi', first.name, second.name)).toMatchObject({ code: 0 });
    expect(await leftInEmptyStore(engine)).toEqual([]);
  },
);

const FILES: readonly TestFile[] = Array.from({ length: 30 }, (_, index) => ({
  path: `data/file-${10 + index}`,
  bytes: contentOf(index, 200_000),
}));
const MOVED = FILES.map(({ bytes }, index): TestFile => ({ path: `other/name-${10 + index}`, bytes }));

/** Busybox and some files in one layer. */
async function importFiles(engine: TestEngine, name: string, files: readonly TestFile[]): Promise<void> {
  const busybox = await readFile(await busyboxTar());
  let end = busybox.length;
  while (busybox.subarray(end - 512, end).every((byte) => byte === 0)) end -= 512;
  const path = join(folder.path, 'import.tar');
  await writeFile(path, Buffer.concat([busybox.subarray(0, end), tarOf(files)]));
  expect(await engine.docker('import', path, name)).toMatchObject({ code: 0 });
}

/** What `cat /other/* | sha256sum` prints in a container of the moved files. */
function sumOf(files: readonly TestFile[]): string {
  const hash = createHash('sha256');
  for (const { bytes } of files) hash.update(bytes);
  return `${hash.digest('hex')}  -`;
}

const SUM = ['sh', '-c', 'cat /other/* | sha256sum'];

test('berth system dedupe shares content under other names, while containers stand on it', async () => {
  await using engine = await startEngine();
  await importFiles(engine, 'moved:a', FILES);
  await importFiles(engine, 'moved:b', [{ path: 'own', bytes: contentOf(99, 100_000) }, ...MOVED]);
  const sum = sumOf(MOVED);
  expect(await engine.docker('run', '-d', '--name', 'stands', 'moved:b', 'sleep', '1000')).toMatchObject({ code: 0 });

  const before = await layersSize(engine);
  const told = await engine.berth('system', 'dedupe', '--dry-run');
  expect(told).toMatchObject({ code: 0, stdout: expect.stringMatching(/writing 1 anew would save 5\.\d+MB/) });
  expect(await layersSize(engine)).toBe(before);

  const done = await engine.berth('system', 'dedupe', '--json');
  expect(done.code, done.stderr).toBe(0);
  expect(JSON.parse(done.stdout)).toMatchObject({ rewritten: 1 });
  expect(before - (await layersSize(engine))).toBeGreaterThan(5_500_000);
  expect((await engine.berth('system', 'dedupe')).stdout).toMatch(/, 0 written anew, 0B saved/);

  expect((await engine.docker('exec', 'stands', ...SUM)).stdout.trim()).toBe(sum);
  expect((await engine.docker('run', '--rm', 'moved:b', ...SUM)).stdout.trim()).toBe(sum);
  expect(await engine.docker('rmi', 'moved:a')).toMatchObject({ code: 0 });
  expect((await engine.docker('run', '--rm', 'moved:b', ...SUM)).stdout.trim()).toBe(sum);
  expect((await engine.docker('exec', 'stands', ...SUM)).stdout.trim()).toBe(sum);
  expect(await engine.docker('rm', '-f', 'stands')).toMatchObject({ code: 0 });
  expect(await engine.docker('rmi', 'moved:b')).toMatchObject({ code: 0 });
  expect(await leftInEmptyStore(engine)).toEqual([]);
});

test('an engine that is killed while it deduplicates has every image whole when it starts again', async () => {
  await using engine = await startEngine();
  const rounds = [100, 300, 700].map((delayMs, round) => ({ delayMs, round, sum: '' }));
  for (const turn of rounds) {
    const contents = Array.from({ length: 25 }, (_, index) => contentOf(turn.round * 100 + index, 1_000_000));
    const moved = contents.map((bytes, index): TestFile => ({ path: `other/${100 + index}`, bytes }));
    turn.sum = sumOf(moved);
    await importFiles(
      engine,
      `kill-a:${turn.round}`,
      contents.map((bytes, index) => ({ path: `data/${index}`, bytes })),
    );
    await importFiles(engine, `kill-b:${turn.round}`, moved);
    const running = engine.berth('system', 'dedupe');
    await sleep(turn.delayMs);
    await engine.kill('SIGKILL');
    await running;
    await engine.start();
    for (const { round, sum } of rounds.slice(0, turn.round + 1))
      expect((await engine.docker('run', '--rm', `kill-b:${round}`, ...SUM)).stdout.trim()).toBe(sum);
  }
  expect((await engine.berth('system', 'dedupe')).code).toBe(0);
  expect(await engine.berth('fsck')).toMatchObject({ code: 0 });
  for (const { round } of rounds)
    expect(await engine.docker('rmi', `kill-a:${round}`, `kill-b:${round}`)).toMatchObject({ code: 0 });
  expect(await leftInEmptyStore(engine)).toEqual([]);
});
