import { expect, test } from 'vitest';
import { InvalidArgumentError } from '#lib/errors.ts';
import type { TarHeader } from './header.ts';
import { tarHeader } from './header.ts';
import { createTarParser } from './parser.ts';
import { paxRecord } from './pax.ts';
import { TAR_END, tarEntry, tarPadding } from './writer.ts';

/** What dialects leave open, decided as Go's archive/tar does. */

function sealed(block: Buffer): Buffer {
  block.fill(0x20, 148, 156);
  const sum = block.subarray(0, 512).reduce((total, byte) => total + byte, 0);
  block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
  return block;
}

/** An entry with these bytes put over its header. */
function patched(
  fields: Partial<TarHeader> & { name: string },
  patches: Readonly<Record<number, string | Buffer>>,
): Buffer {
  const block = tarEntry(tarHeader({ kind: 'file', ...fields }));
  for (const [at, bytes] of Object.entries(patches)) Buffer.from(bytes as string).copy(block, Number(at));
  return sealed(block);
}

function extension(type: string, content: Buffer): Buffer {
  const block = patched({ name: 'x', size: content.length }, { 156: type });
  return Buffer.concat([block, content, tarPadding(content.length)]);
}

function pax(records: Readonly<Record<string, string>>): Buffer {
  return extension(
    'x',
    Buffer.concat(Object.entries(records).map(([key, value]) => paxRecord(key, Buffer.from(value)))),
  );
}

function read(...parts: readonly Buffer[]): TarHeader[] {
  const found: TarHeader[] = [];
  const parser = createTarParser({ entry: (header) => found.push(header), data: () => {}, end: () => {} });
  parser.push(Buffer.concat([...parts, TAR_END]));
  parser.finish();
  return found;
}

const plain = (name: string): Buffer => tarEntry(tarHeader({ name, kind: 'file' }));
const GNU = { 257: 'ustar  \0' } as const;

test('an entry without a type is a folder by its last slash, one of type 0 is not', () => {
  const kinds = [patched({ name: 'a/' }, { 156: '\0' }), patched({ name: 'b' }, { 156: '\0' }), plain('c/')].map((part) => read(part)[0]?.kind); // prettier-ignore
  expect(kinds).toEqual(['directory', 'file', 'file']);
});

test('a prefix is that of its dialect', () => {
  const prefix = { 345: 'folder' } as const;
  expect(read(patched({ name: 'f' }, prefix))[0]?.name).toBe('folder/f');
  expect(read(patched({ name: 'f' }, { ...prefix, 508: 'tar\0' }))[0]?.name).toBe('folder/f');
  expect(read(patched({ name: 'f' }, { ...prefix, 257: '\0'.repeat(8) }))[0]?.name).toBe('f');
  // GNU has times there; old programs in Go wrote a prefix all the same.
  expect(read(patched({ name: 'f' }, { ...GNU, 345: '14000000000\0' }))[0]?.name).toBe('f');
  expect(read(patched({ name: 'f' }, { ...GNU, ...prefix }))[0]?.name).toBe('folder/f');
});

test('of several headers before an entry the last one counts, and a GNU name more than that of PAX', () => {
  const longName = extension('L', Buffer.from('gnu\0'));
  expect(read(pax({ path: 'first', uid: '7' }), pax({ path: 'second' }), plain('f'))[0]).toMatchObject({
    name: 'second',
    uid: 0,
  });
  expect(read(pax({ path: 'pax' }), longName, plain('f'))[0]?.name).toBe('gnu');
  expect(read(longName, pax({ path: 'pax' }), plain('f'))[0]?.name).toBe('gnu');
  expect(read(longName, plain('f'), plain('g')).map(({ name }) => name)).toEqual(['gnu', 'g']);
});

test('an empty record leaves the field of the header, an empty attribute is one', () => {
  const [header] = read(pax({ path: '', mtime: '', 'SCHILY.xattr.user.empty': '' }), plain('f'));
  expect(header?.name).toBe('f');
  expect(header?.xattrs.get('user.empty')?.length).toBe(0);
});

test('attributes are those of SCHILY alone, as engines read them', () => {
  const [header] = read(pax({ 'SCHILY.xattr.user.a': '1', 'LIBARCHIVE.xattr.user.b': 'Mg==', 'RHT.security.selinux': 'x' }), plain('f')); // prettier-ignore
  expect([...(header?.xattrs.keys() ?? [])]).toEqual(['user.a']);
});

test('PAX headers of Solaris are PAX headers', () => {
  expect(read(extension('X', paxRecord('path', Buffer.from('sun'))), plain('f'))[0]?.name).toBe('sun');
});

test('numbers may be filled up on either side, and end at a zero byte', () => {
  const sizes = ['  644 \0\0\0', '\0\x20644\0\0', '0000644\0', '644\0x\0\0\0'].map((mode) => read(patched({ name: 'f' }, { 100: mode.slice(0, 8) }))[0]?.mode); // prettier-ignore
  expect(sizes).toEqual([0o644, 0o644, 0o644, 0o644]);
  for (const mode of ['6 44\0\0\0\0', '-644\0\0\0\0', '0x644\0\0\0'])
    expect(() => read(patched({ name: 'f' }, { 100: mode }))).toThrow(InvalidArgumentError);
});

test.each<[string, Buffer[], string]>([
  ['a bad number', [plain('one'), patched({ name: 'two' }, { 108: 'many' })], 'not octal: "two"'],
  ['a bad record of an entry', [plain('one'), pax({ uid: 'root' }), plain('two')], 'uid is not a number: "two"'],
  ['a bad header before an entry', [plain('one'), extension('x', Buffer.from('no record'))], 'malformed, after "one"'],
  ['a bad checksum', [plain('one'), plain('two').fill(1, 0, 1)], 'wrong checksum, after "one"'],
  ['zeros between entries', [plain('one'), Buffer.alloc(512), plain('two')], 'something else, after "one"'],
])('the error of %s says where it is', (_what, parts, message) => {
  expect(() => read(...parts)).toThrow(message);
});

test('an archive that breaks off says in which entry', () => {
  const parser = createTarParser({ entry: () => {}, data: () => {}, end: () => {} });
  parser.push(tarEntry(tarHeader({ name: 'one', kind: 'file', size: 2000 })));
  parser.push(Buffer.alloc(100));
  expect(() => parser.finish()).toThrow('ends in the middle of an entry: "one"');
});
