import { closeSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { mkdtempDisposable } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { tarOf } from '#lib/erofs/test-image.ts';
import { sha256 } from '#lib/sha256.ts';
import { indexFiles, readDevices } from './dedupe/index-files.ts';
import type { WrittenLayer } from './finish-layer.ts';
import { DATA_OFFSET, encodeHeader } from './format.ts';
import { readExactly, readLayerFile } from './layer-file.ts';
import { createLayerWriter } from './layer-writer.ts';
import type { Donor, Matcher } from './matcher.ts';
import { gatherTar } from './read-layer.ts';
import { noise } from './test-layers.ts';

/** Where contents lie in donors, by name in the tar. */
type Places = Readonly<Record<string, { donor: number; offset: number }>>;

/** Says that files named so are there, and compares. */
function testMatcher(donors: readonly Donor[], places: Places): Matcher {
  const fds = donors.map(({ path }) => openSync(path, 'r'));
  return {
    donors,
    begin(path) {
      const place = places[path];
      if (place === undefined) return undefined;
      const fd = fds[place.donor] ?? -1;
      let at = place.offset;
      const compare = (piece: Buffer): boolean => {
        const isEqual = readExactly(fd, at, piece.length).equals(piece);
        at += piece.length;
        return isEqual;
      };
      return { ...place, fd, compare };
    },
    [Symbol.dispose]: () => fds.forEach((fd) => closeSync(fd)),
  };
}

interface Written {
  layer: WrittenLayer;
  path: string;
  /** By path in the layer, read by the addresses of its index. */
  contents: Map<string, Buffer>;
}

async function write(
  tar: Buffer,
  {
    folder,
    chunkBytes,
    donors = [],
    places = {},
  }: { folder: string; chunkBytes: number; donors?: Donor[]; places?: Places },
): Promise<Written> {
  const path = join(folder, 'layer');
  const fd = openSync(path, 'w+');
  using matcher = testMatcher(donors, places);
  const writer = createLayerWriter({ fd }, matcher);
  // The same memory for every chunk, as in the ring.
  const memory = Buffer.alloc(chunkBytes);
  for (let at = 0; at < tar.length; at += chunkBytes) {
    const bytes = tar.copy(memory, 0, at, at + chunkBytes);
    writer.push(memory.subarray(0, bytes));
    memory.fill(0xee);
  }
  const layer = writer.finish();
  closeSync(fd);
  const header = { ...layer, diffId: sha256(tar), bodyDigest: Buffer.from(layer.bodyDigest) };
  const head = openSync(path, 'r+');
  writeFileSync(head, encodeHeader(header, layer.superblock));
  closeSync(head);
  return { layer, path, contents: contentsOf(path, donors) };
}

function contentsOf(path: string, donors: readonly Donor[]): Map<string, Buffer> {
  const image = readFileSync(path);
  const { header, trailer } = readLayerFile(path);
  const devices = readDevices(image.subarray(0, DATA_OFFSET));
  const files = trailer.donors.map((donor) => readFileSync(donors.find(({ diffId }) => diffId === donor)?.path ?? ''));
  const contents = new Map<string, Buffer>();
  const metadata = image.subarray(header.metaOffset, header.metaOffset + header.metaBytes);
  for (const { path: name, address, bytes } of indexFiles(image, { metadata, metaOffset: header.metaOffset })) {
    const index = devices.findIndex((device) => address >= device.address && address < device.address + device.blocks);
    const from = (address - (devices[index]?.address ?? 0)) * 512;
    contents.set(name, (files[index] ?? image).subarray(from, from + bytes));
  }
  return contents;
}

async function readBack({ layer, path }: Written, donors: readonly Donor[]): Promise<Buffer> {
  const paths = layer.trailer.donors.map((donor) => donors.find(({ diffId }) => diffId === donor)?.path ?? '');
  return Buffer.concat(await Array.fromAsync(gatherTar({ ...layer, extents: layer.trailer.extents, paths: [path, ...paths] }))); // prettier-ignore
}

function donorOf(folder: string, name: string, content: Buffer): Donor {
  const path = join(folder, name);
  writeFileSync(path, content);
  return { diffId: sha256(name), path, fileBytes: content.length };
}

/** Sizes around whole blocks, and some larger than a chunk. */
const files = [4096, 4097, 5000, 5119, 5120, 20_000, 70_000, 70_001].map((bytes, index) => ({
  name: `f${index}`,
  content: noise(index, bytes),
}));
const tar = tarOf(...files.flatMap((file) => [{ name: `${file.name}-own`, content: 'own' }, file]));

test.each([512, 1000, 4096, 65_536, 1_048_576])(
  'content of donors is left out, in chunks of %i bytes',
  async (chunkBytes) => {
    await using folder = await mkdtempDisposable(join(tmpdir(), 'writer-'));
    const offsets = files.map((_, index) =>
      files.slice(0, index).reduce((sum, before) => sum + Math.ceil(before.content.length / 512) * 512, 0),
    );
    const padded = files.map(({ content }) =>
      Buffer.concat([content, Buffer.alloc((512 - (content.length % 512)) % 512)]),
    );
    const donors = [
      donorOf(folder.path, 'unused', Buffer.alloc(1000)),
      donorOf(folder.path, 'donor', Buffer.concat(padded)),
    ];
    const places = Object.fromEntries(
      files.map(({ name }, index) => [name, { donor: 1, offset: offsets[index] ?? 0 }]),
    );
    const written = await write(tar, { folder: folder.path, chunkBytes, donors, places });
    const shared = files.reduce((sum, { content }) => sum + Math.ceil(content.length / 512) * 512, 0);
    expect(written.layer).toMatchObject({ tarBytes: tar.length, dataBytes: tar.length - shared });
    expect(written.layer.trailer.donors).toEqual([donors[1]?.diffId]);
    for (const { name, content } of files) expect(written.contents.get(name)?.equals(content), name).toBe(true);
    expect(written.contents.get('f3-own')?.toString()).toBe('own');
    expect((await readBack(written, donors)).equals(tar)).toBe(true);
  },
);

test.each([
  ['at the first byte', 0],
  ['in the middle', 35_000],
  ['behind the last whole block', 69_999],
])('content that differs %s is written after all', async (_, at) => {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'writer-'));
  const content = noise(7, 70_000);
  const almost = Buffer.from(content);
  almost[at] = (almost[at] ?? 0) ^ 1;
  const donors = [donorOf(folder.path, 'donor', Buffer.concat([almost, Buffer.alloc(512)]))];
  const places = { file: { donor: 0, offset: 0 } };
  const whole = tarOf(
    { name: 'before', content: 'before' },
    { name: 'file', content },
    { name: 'after', content: 'after' },
  );
  for (const chunkBytes of [1000, 8192, 1_048_576]) {
    const written = await write(whole, { folder: folder.path, chunkBytes, donors, places });
    expect(written.layer).toMatchObject({ dataBytes: whole.length, trailer: { donors: [], extents: [{ device: 0 }] } });
    expect(written.contents.get('file')?.equals(content)).toBe(true);
    expect(written.contents.get('after')?.toString()).toBe('after');
    expect((await readBack(written, donors)).equals(whole)).toBe(true);
  }
});

test('a donor that no address reaches gives nothing', async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'writer-'));
  const content = noise(7, 70_000);
  const donor = donorOf(folder.path, 'donor', content);
  const donors = [{ ...donor, fileBytes: 2 ** 41 }];
  const written = await write(tarOf({ name: 'file', content }), {
    folder: folder.path,
    chunkBytes: 4096,
    donors,
    places: { file: { donor: 0, offset: 0 } },
  });
  expect(written.layer.trailer.donors).toEqual([]);
  expect(written.contents.get('file')?.equals(content)).toBe(true);
});

test('the same tar makes the same file, whatever the chunks', async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'writer-'));
  const of = async (chunkBytes: number): Promise<string> =>
    sha256(readFileSync((await write(tar, { folder: folder.path, chunkBytes })).path));
  const first = await of(512);
  for (const chunkBytes of [513, 10_000, 1_048_576]) expect(await of(chunkBytes)).toBe(first);
});
