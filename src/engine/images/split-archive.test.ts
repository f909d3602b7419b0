import { expect, test } from 'vitest';
import { InvalidArgumentError } from '#lib/errors.ts';
import { tarHeader } from '#lib/tar/header.ts';
import { TAR_END, tarEntry, tarPadding } from '#lib/tar/writer.ts';
import { splitArchive } from './split-archive.ts';

const contents: Record<string, string> = { a: 'first', empty: '', large: 'x'.repeat(70_000), z: 'last' };

const archive = Buffer.concat([
  ...Object.entries(contents).map(([name, text]) =>
    Buffer.concat([
      tarEntry(tarHeader({ name, kind: 'file', size: text.length })),
      Buffer.from(text),
      tarPadding(text.length),
    ]),
  ),
  TAR_END,
]);

async function* pieces(bytes: Buffer, size: number): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

async function textOf(content: AsyncIterable<Buffer>): Promise<string> {
  return Buffer.concat(await Array.fromAsync(content)).toString();
}

test.each([1, 511, 512, 4096, 1_000_000])('in pieces of %d bytes each entry has its content', async (size) => {
  const found: Record<string, string> = {};
  for await (const { header, content } of splitArchive(pieces(archive, size)))
    found[header.name] = await textOf(content);
  expect(found).toEqual(contents);
});

test('what is not read of an entry is skipped, and nothing is left behind its end', async () => {
  const seen: string[] = [];
  for await (const { header, content } of splitArchive(pieces(archive, 1000))) {
    seen.push(header.name);
    if (header.name !== 'large') continue;
    await content.next();
    const rest = await textOf(content);
    expect(rest.length).toBeLessThan(70_000);
    expect(await content.next()).toMatchObject({ done: true });
  }
  expect(seen).toEqual(Object.keys(contents));
});

test('content is passed on as views of the pieces that come', async () => {
  for await (const { header, content } of splitArchive(pieces(archive, 30_000)))
    if (header.name === 'large') for await (const piece of content) expect(piece.buffer).toBe(archive.buffer);
});

test('an archive that breaks off fails for whoever reads, and for good', async () => {
  const cut = archive.subarray(0, 40_000);
  const entries = splitArchive(pieces(cut, 512));
  for (let entry = await entries.next(); entry.done !== true; entry = await entries.next()) {
    if (entry.value.header.name !== 'large') continue;
    await expect(textOf(entry.value.content)).rejects.toThrow(InvalidArgumentError);
    break;
  }
  await expect(entries.next()).rejects.toThrow(InvalidArgumentError);
});

test('who stops early ends the source', async () => {
  let isEnded = false;
  async function* source(): AsyncGenerator<Buffer> {
    try {
      yield* pieces(archive, 512);
    } finally {
      isEnded = true;
    }
  }
  for await (const _ of splitArchive(source())) break;
  expect(isEnded).toBe(true);
});
