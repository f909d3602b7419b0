import { expect, test } from 'vitest';
import type { Descriptor } from '#oci/descriptor.ts';
import type { Digest } from '#oci/digest.ts';
import {
  type CacheContent,
  formatCacheConfig,
  formatInlineCache,
  parseCacheConfig,
  parseInlineCache,
} from './cache-config.ts';

const digest = (digit: string): Digest => `sha256:${digit.repeat(64)}`;
const blob = (digit: string): Descriptor => ({
  mediaType: 'application/vnd.oci.image.layer.v1.tar+gzip',
  digest: digest(digit),
  size: 7,
});

const content: CacheContent = {
  layers: [
    { blob: blob('a'), diffId: digest('1'), parent: undefined },
    { blob: blob('b'), diffId: digest('2'), parent: 0 },
  ],
  steps: [
    { key: '3'.repeat(64), before: undefined, created: 5, on: undefined, made: [{ layer: 0, title: 'RUN a' }] },
    { key: '4'.repeat(64), before: 0, created: 6, on: 0, made: [] },
    { key: '5'.repeat(64), before: 1, created: 7, on: 0, made: [{ layer: 1, title: 'RUN b' }] },
  ],
  mounts: [{ id: 'pip', blob: blob('c') }],
};
const blobs = new Map(['a', 'b', 'c'].map((digit) => [digest(digit), blob(digit)]));

test('what is written is read again', () => {
  expect(parseCacheConfig(formatCacheConfig(content), blobs)).toEqual(content);
  expect(parseInlineCache(formatInlineCache(content.steps), content.layers)).toEqual({ ...content, mounts: [] });
});

test('the document has the fields that others read', () => {
  const document = JSON.parse(formatCacheConfig(content).toString('utf8')) as { layers: object[]; records: object[] };
  expect(document.layers[1]).toMatchObject({ blob: digest('b'), parent: 0, annotations: { diffID: digest('2') } });
  expect(document.layers[0]).toMatchObject({ parent: -1 });
  expect(document.records[2]).toMatchObject({
    digest: digest('5'),
    layers: [{ layer: 1, createdAt: '1970-01-01T00:00:00.007Z' }],
    inputs: [[{ link: 1 }]],
  });
});

test('records of others are passed over', () => {
  const theirs = {
    layers: [
      { blob: digest('a'), annotations: { diffID: digest('1') } },
      { blob: digest('b'), parent: 0, annotations: { diffID: digest('2') } },
    ],
    records: [
      { digest: digest('9') },
      { digest: digest('8'), layers: [{ layer: 1 }], inputs: [[{ selector: 's', link: 0 }]] },
    ],
  };
  const read = parseCacheConfig(
    Buffer.from(
      JSON.stringify({
        ...theirs,
        layers: theirs.layers.toSpliced(0, 1, { ...theirs.layers[0], parent: -1 } as never),
      }),
    ),
    blobs,
  );
  expect(read.steps).toEqual([]);
  expect(read.layers).toHaveLength(2);
});

function change(edit: (document: Record<string, never[]>) => void): () => unknown {
  const document = JSON.parse(formatCacheConfig(content).toString('utf8')) as Record<string, never[]>;
  edit(document);
  return () => parseCacheConfig(Buffer.from(JSON.stringify(document)), blobs);
}

test('what is broken is refused', () => {
  expect(() => parseCacheConfig(Buffer.from('no'), blobs)).toThrow('cannot be used');
  expect(change(({ layers }) => Object.assign(layers?.[0] as never, { blob: digest('f') }))).toThrow('cannot be used');
  expect(change(({ layers }) => Object.assign(layers?.[1] as never, { parent: 1 }))).toThrow('cannot be used');
  expect(change(({ layers }) => Object.assign(layers?.[1] as never, { parent: -2 }))).toThrow('cannot be used');
  expect(change(({ records }) => Object.assign(records?.[0] as never, { digest: '../x' }))).toThrow('cannot be used');
  expect(
    change(({ records }) => Object.assign(records?.[0] as never, { berth: { created: 1, on: 9, made: [] } })),
  ).toThrow('cannot be used');
  expect(
    change(({ records }) =>
      Object.assign(records?.[0] as never, { berth: { created: 1, on: -1, made: [{ layer: 2 }] } }),
    ),
  ).toThrow('cannot be used');
  expect(change(({ berthMounts }) => Object.assign(berthMounts?.[0] as never, { id: 3 }))).toThrow('cannot be used');
});
