import { randomBytes } from 'node:crypto';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { UnavailableError } from '#lib/errors.ts';
import { openSmallDisk } from '../../../../test/support/small-disk.ts';
import type { OutputSink } from './output-spec.ts';
import { openTestBuilder, openTestSink, outputOf, type TestBuilder } from './test-build.ts';

const isRoot = process.getuid?.() === 0;
const MEGABYTE = 1024 * 1024;

/** Nothing of a build that went wrong: no folders, no mounts, no image. */
async function expectClean({ store }: TestBuilder): Promise<void> {
  const left = (await readdir(join(store.root, 'builder'))).filter((name) => name.startsWith('build-'));
  expect(left).toEqual([]);
  expect(await readdir(join(store.root, 'run', 'build'))).toEqual([]);
  expect(await store.images.list()).toEqual([]);
}

function sinkOf(stream: OutputSink['stream']): OutputSink {
  return { stream, tree: async () => {} };
}

describe.skipIf(!isRoot)('exports that fail (need root)', () => {
  test('a client that breaks off', async () => {
    await using rig = await openTestBuilder();
    const files = { Dockerfile: 'FROM scratch\nCOPY a /\n', a: randomBytes(MEGABYTE) };
    const broken = sinkOf(async (bytes) => {
      for await (const _ of bytes) throw new UnavailableError('the client is gone');
    });
    for (const type of ['oci', 'docker', 'tar'])
      await expect(rig.build(files, { outputs: [outputOf(`type=${type}`, broken)] })).rejects.toThrow('is gone');
    await expectClean(rig);
  });

  test('a cancel while layers are compressed, and while they are sent', async () => {
    await using rig = await openTestBuilder();
    const files = { Dockerfile: 'FROM scratch\nCOPY a /\n', a: randomBytes(12 * MEGABYTE) };
    const cancelled = new AbortController();
    const never = sinkOf(async (bytes) => {
      for await (const _ of bytes) cancelled.abort();
    });
    const { signal } = cancelled;
    await expect(rig.build(files, { outputs: [outputOf('type=oci', never)], signal })).rejects.toThrow('cancelled');
    const early = new AbortController();
    const building = rig.build(files, { outputs: [outputOf('type=oci', never)], signal: early.signal });
    const compressing = async (): Promise<void> => {
      const count = rig.events.length;
      while (!rig.events.slice(count).some((event) => event.kind === 'status')) await sleep(1);
      early.abort();
    };
    await Promise.all([compressing(), expect(building).rejects.toThrow(/cancelled|aborted/)]);
    await expectClean(rig);
  });

  test('a full disk is told as that, and given back', async () => {
    await using disk = await openSmallDisk(32);
    await using rig = await openTestBuilder(join(disk.path, 'data'));
    const files = { Dockerfile: 'FROM scratch\nCOPY a /\n', a: randomBytes(9 * MEGABYTE) };
    await using sink = await openTestSink();
    await rig.build(files, { outputs: [outputOf('type=docker', sink)] });
    const more = { Dockerfile: 'FROM scratch\nCOPY a /\nCOPY b /\n', a: files.a, b: randomBytes(5 * MEGABYTE) };
    await expect(rig.build(more, { outputs: [outputOf('type=oci', sink)] })).rejects.toThrow('no space left');
    await expectClean(rig);
    await rig.build(files, { outputs: [outputOf('type=docker', sink)] });
  });
});
