import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { streamLayer } from '#engine/images/layer-bytes.ts';
import { readTar } from '#lib/tar/read-tar.ts';
import { openTestBuilder, openTestSink, outputOf, type TestBuilder } from './test-build.ts';
import { placesOf } from './built-image.ts';

const isRoot = process.getuid?.() === 0;
const EPOCH = 1_500_000_000;
const FILES = {
  Dockerfile:
    'FROM scratch AS base\nCOPY a /dir/deep/a\nFROM base\nLABEL z=1 a=2\nWORKDIR /work\nCOPY b ./\nCOPY --from=base /dir /copied\n',
  a: 'a'.repeat(100_000),
  b: 'b',
};

async function times(rig: TestBuilder, name: string): Promise<number[]> {
  const { layers, snapshots } = rig.store.images.context;
  const { config } = await rig.store.images.get(name);
  const found: number[] = [];
  for (const layer of placesOf(config.rootfs.diff_ids))
    for await (const { header } of readTar(await streamLayer({ layers, snapshots }, layer)))
      found.push(Number(header.mtimeNs / 1_000_000_000n));
  return found;
}

describe.skipIf(!isRoot)('reproducible builds (need root)', () => {
  test('two builds on two stores give the same bytes when they are for a point in time', async () => {
    await using sink = await openTestSink();
    const seen: string[] = [];
    for (const how of ['build-arg', 'ARG']) {
      await using rig = await openTestBuilder();
      const files =
        how === 'ARG' ? { ...FILES, Dockerfile: `ARG SOURCE_DATE_EPOCH=${EPOCH}\n${FILES.Dockerfile}` } : FILES;
      const buildArgs = new Map(how === 'ARG' ? [] : [['SOURCE_DATE_EPOCH', String(EPOCH)]]);
      const outputs = [
        outputOf('type=image,name=same,rewrite-timestamp=true'),
        outputOf('type=oci,name=same,rewrite-timestamp=true', sink),
      ];
      const { response, image } = await rig.build(files, { outputs, buildArgs });
      const archive = createHash('sha256').update(sink.bytes()).digest('hex');
      seen.push([response.get('containerimage.digest'), image?.id, archive].join(' '));
      expect(image?.config.created).toBe('2017-07-14T02:40:00Z');
      expect(new Set(image?.config.history?.map(({ created }) => created))).toEqual(new Set([image?.config.created]));
      expect(Math.max(...(await times(rig, 'same')))).toBe(EPOCH);
    }
    expect(seen[0]).toBe(seen[1]);
  });

  test('what a base brought keeps its times, and without the option so do the files', async () => {
    await using rig = await openTestBuilder();
    await rig.build(
      { Dockerfile: 'FROM scratch\nCOPY a /\n', a: '1' },
      { outputs: [outputOf('type=image,name=base')] },
    );
    const base = await rig.store.images.get('base');
    const files = { Dockerfile: 'FROM base\nCOPY b /\n', b: '2' };
    const buildArgs = new Map([['SOURCE_DATE_EPOCH', String(EPOCH)]]);
    const plain = await rig.build(files, { buildArgs, outputs: [outputOf('type=image,name=plain')] });
    expect(plain.image?.config.history?.[0]).toEqual(base.config.history?.[0]);
    expect(Math.max(...(await times(rig, 'plain')))).toBeGreaterThan(EPOCH);
    const outputs = [outputOf('type=image,name=rewritten,rewrite-timestamp=true')];
    const rewritten = await rig.build(files, { buildArgs, outputs });
    expect(rewritten.image?.config.rootfs.diff_ids[0]).toBe(base.config.rootfs.diff_ids[0]);
    expect(rewritten.image?.config.rootfs.diff_ids[1]).not.toBe(plain.image?.config.rootfs.diff_ids[1]);
    expect(rewritten.image?.config.history?.[1]?.created).toBe('2017-07-14T02:40:00Z');
    const again = await rig.build(files, { buildArgs, outputs });
    expect(again.image?.id).toBe(rewritten.image?.id);
  });
});
