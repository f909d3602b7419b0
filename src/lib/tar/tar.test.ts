import { execFileSync } from 'node:child_process';
import { mkdir, mkdtempDisposable, readFile, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { InvalidArgumentError, TooLargeError } from '#lib/errors.ts';
import { decodeName } from '#lib/files/name.ts';
import { type TarHeader, tarHeader } from './header.ts';
import { createTarParser, DEFAULT_TAR_LIMITS } from './parser.ts';
import { readTar } from './read-tar.ts';
import { TAR_END, tarEntry, tarPadding } from './writer.ts';

interface Read {
  header: TarHeader;
  content: string;
}

/** All entries, with the content laid out as the file would be; the archive comes in pieces of this size. */
function parse(tar: Buffer, size = 1_000_003): Read[] {
  const found: { header: TarHeader; bytes: Buffer }[] = [];
  const parser = createTarParser({
    entry: (header) => found.push({ header, bytes: Buffer.alloc(header.kind === 'file' ? header.size : 0) }),
    data: (chunk, offset) => chunk.copy(found.at(-1)?.bytes ?? Buffer.alloc(0), offset),
    end: () => {},
  });
  for (let at = 0; at < tar.length; at += size) parser.push(Buffer.from(tar.subarray(at, at + size)));
  parser.finish();
  return found.map(({ header, bytes }) => ({ header, content: bytes.toString() }));
}

function archive(...headers: readonly TarHeader[]): Buffer {
  return Buffer.concat([...headers.map(tarEntry), TAR_END]);
}

const long = `${'directory/'.repeat(30)}name`;

async function sampleTree(): Promise<AsyncDisposable & { path: string }> {
  const folder = await mkdtempDisposable(join(tmpdir(), 'tar-'));
  await mkdir(join(folder.path, 'tree', long, '..'), { recursive: true });
  await writeFile(join(folder.path, 'tree', long), 'deep');
  await writeFile(join(folder.path, 'tree/ünïcode'), 'text', { mode: 0o640 });
  await writeFile(Buffer.concat([Buffer.from(join(folder.path, 'tree/')), Buffer.from([0x62, 0xff])]), 'bytes');
  execFileSync('ln', [join(folder.path, 'tree/ünïcode'), join(folder.path, 'tree/ÿlink')]);
  execFileSync('ln', ['-s', `${'x/'.repeat(80)}target`, join(folder.path, 'tree/symlink')]);
  execFileSync('touch', ['-d', '1960-02-03 04:05:06.789 UTC', join(folder.path, 'tree/ünïcode')]);
  return folder;
}

test.each(['v7', 'ustar', 'gnu', 'posix'])('what GNU tar writes as %s is read', async (format) => {
  await using folder = await sampleTree();
  // v7 and ustar have no room for long names, odd bytes and old times.
  const skipped =
    format === 'v7' || format === 'ustar' ? ['--exclude=directory', '--exclude=symlink', '--mtime=@0'] : [];
  const tar = execFileSync('tar', ['-C', folder.path, `--format=${format}`, '--sort=name', ...skipped, '-c', 'tree'], {
    maxBuffer: 1e8,
  });
  for (const size of [1, 511, 4096, 1_000_000]) {
    const read = parse(tar, size);
    const text = read.find(({ header }) => header.name === 'tree/ünïcode');
    expect(text).toMatchObject({ content: 'text', header: { kind: 'file', mode: 0o640, size: 4 } });
    expect(read.find(({ header }) => header.name === decodeName(Buffer.from('tree/b\xff', 'latin1')))?.content).toBe(
      'bytes',
    );
    expect(read.find(({ header }) => header.name === 'tree/ÿlink')?.header).toMatchObject({
      kind: 'link',
      linkName: 'tree/ünïcode',
    });
    if (skipped.length > 0) continue;
    expect(read.find(({ header }) => header.name === `tree/${long}`)?.content).toBe('deep');
    expect(read.find(({ header }) => header.name === 'tree/symlink')?.header.linkName).toBe(`${'x/'.repeat(80)}target`);
    const seconds = BigInt(Date.parse('1960-02-03T04:05:06Z')) * 1_000_000n;
    expect(text?.header.mtimeNs).toBe(format === 'posix' ? seconds + 789_000_000n : seconds);
  }
});

test.each(['gnu', '0.0', '0.1', '1.0'])('sparse files of GNU tar in form %s are whole', async (form) => {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'sparse-'));
  const path = join(folder.path, 'sparse');
  await writeFile(path, 'begin');
  for (let index = 1; index <= 30; index++) {
    await truncate(path, index * 100_000);
    await writeFile(path, `part ${index}`, { flag: 'a' });
  }
  await truncate(path, 5_000_000);
  const flags = form === 'gnu' ? ['--format=gnu'] : ['--format=posix', `--sparse-version=${form}`];
  const tar = execFileSync('tar', ['-C', folder.path, '--sparse', ...flags, '-c', 'sparse'], { maxBuffer: 1e8 });
  expect(tar.length).toBeLessThan(1_000_000);
  for (const size of [700, 1_000_000]) {
    const [read] = parse(tar, size);
    expect(read?.header).toMatchObject({ name: 'sparse', size: 5_000_000 });
    expect(read?.content === (await readFile(path, 'utf8'))).toBe(true);
  }
});

test('numbers too large for octal are read in base 256', () => {
  const tar = archive(tarHeader({ name: 'big', kind: 'file', size: 0 }));
  const field = Buffer.alloc(8);
  field.writeBigUInt64BE(0x8000000000000000n | 3_000_000_000n);
  field.copy(tar, 108);
  const seconds = Buffer.alloc(12, 0xff);
  seconds.writeInt32BE(-86_400, 8);
  seconds.copy(tar, 136);
  tar.fill(0x20, 148, 156);
  tar.write(
    `${tar
      .subarray(0, 512)
      .reduce((sum, byte) => sum + byte, 0)
      .toString(8)
      .padStart(6, '0')}\0 `,
    148,
  );
  expect(parse(tar)[0]?.header).toMatchObject({ uid: 3_000_000_000, mtimeNs: -86_400_000_000_000n });
});

const headers = [
  tarHeader({ name: 'folder/', kind: 'directory', mode: 0o1777, mtimeNs: 1_700_000_000_123_456_789n }),
  tarHeader({ name: long, kind: 'file', mode: 0o4755, uid: 70_000, gid: 3_000_000, mtimeNs: -1n }),
  tarHeader({ name: decodeName(Buffer.from('odd\xfe', 'latin1')), kind: 'symlink', linkName: 'ü'.repeat(90) }),
  tarHeader({ name: 'link', kind: 'link', linkName: long }),
  tarHeader({ name: 'console', kind: 'character', major: 5, minor: 1 }),
  tarHeader({ name: 'disk', kind: 'block', major: 259, minor: 300_000 }),
  tarHeader({ name: 'pipe', kind: 'fifo', mode: 0o600, userName: 'ä'.repeat(20), groupName: 'wheel' }),
  tarHeader({
    name: 'capable',
    kind: 'file',
    xattrs: new Map([
      ['security.capability', Buffer.from([1, 0, 0, 2, 0x0a, 0x3d, 0, 0xff])],
      ['user.empty', Buffer.alloc(0)],
    ]),
  }),
];

test('what is written is read back, whatever the pieces', () => {
  for (const size of [1, 512, 1_000_000])
    expect(parse(archive(...headers), size).map(({ header }) => header)).toEqual(headers);
});

test('what is written is an archive for GNU tar', async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'tar-'));
  const content = 'some content';
  const tar = Buffer.concat([
    tarEntry(tarHeader({ name: long, kind: 'file', size: content.length, mtimeNs: 1_500_000_000_500_000_000n })),
    Buffer.from(content),
    tarPadding(content.length),
    archive(...headers),
  ]);
  await writeFile(join(folder.path, 'a.tar'), tar);
  const listed = execFileSync('tar', ['-tvf', join(folder.path, 'a.tar')], { encoding: 'latin1' });
  expect(listed.trimEnd().split('\n')).toHaveLength(headers.length + 1);
  expect(listed).toContain(long);
  expect(execFileSync('tar', ['-xOf', join(folder.path, 'a.tar'), long], { encoding: 'utf8' })).toBe(content);
});

test('a PAX header of all entries counts for nothing, as in other engines, and lets go what came before it', () => {
  const global = archive(tarHeader({ name: 'x', kind: 'file', mtimeNs: 1_500_000_000n })).subarray(0, 1024);
  // The record block of a local header turned into a global one.
  global.write('g', 156);
  global.fill(0x20, 148, 156);
  global.write(
    `${global
      .subarray(0, 512)
      .reduce((sum, byte) => sum + byte, 0)
      .toString(8)
      .padStart(6, '0')}\0 `,
    148,
  );
  const local = tarEntry(tarHeader({ name: 'lost', kind: 'file', mtimeNs: 5n })).subarray(0, 1024);
  const tar = Buffer.concat([
    local,
    global,
    archive(tarHeader({ name: 'a', kind: 'file' }), tarHeader({ name: 'b', kind: 'file' })),
  ]);
  expect(parse(tar).map(({ header }) => [header.name, header.mtimeNs])).toEqual([
    ['a', 0n],
    ['b', 0n],
  ]);
});

test.each([
  ['a wrong checksum', (tar: Buffer) => tar.writeUInt8(0x41, 0)],
  ['a number that is not octal', (tar: Buffer) => void tar.write('9x', 100)],
])('%s is refused', (_what, damage) => {
  const tar = archive(tarHeader({ name: 'a', kind: 'file' }));
  damage(tar);
  expect(() => parse(tar)).toThrow(InvalidArgumentError);
});

test('an archive that breaks off, is empty or holds an unknown type is refused', () => {
  const tar = Buffer.concat([
    tarEntry(tarHeader({ name: 'a', kind: 'file', size: 2000 })),
    Buffer.alloc(2048),
    TAR_END,
  ]);
  expect(() => parse(tar.subarray(0, 1500))).toThrow('ends in the middle');
  expect(() => parse(tar.subarray(0, 300))).toThrow('ends in the middle');
  expect(() => parse(Buffer.alloc(0))).toThrow('empty');
  expect(parse(tar.subarray(0, 512 + 2048))).toHaveLength(1);
  expect(parse(Buffer.alloc(1024))).toEqual([]);
  const odd = archive(tarHeader({ name: 'a', kind: 'file' }));
  odd.write('V', 156);
  odd.fill(0x20, 148, 156);
  odd.write(
    `${odd
      .subarray(0, 512)
      .reduce((sum, byte) => sum + byte, 0)
      .toString(8)
      .padStart(6, '0')}\0 `,
    148,
  );
  expect(() => parse(odd)).toThrow('unknown type');
});

test('bytes behind the end of the archive count for nothing', () => {
  expect(parse(Buffer.concat([archive(tarHeader({ name: 'a', kind: 'file' })), Buffer.alloc(700, 0x78)]))).toHaveLength(
    1,
  );
});

test('limits stop an archive early', () => {
  const sink = { entry: () => {}, data: () => {}, end: () => {} };
  const many = archive(...Array.from({ length: 11 }, (_, index) => tarHeader({ name: `${index}`, kind: 'file' })));
  expect(() => createTarParser(sink, { ...DEFAULT_TAR_LIMITS, entries: 10 }).push(many)).toThrow(TooLargeError);
  const wide = archive(tarHeader({ name: 'n'.repeat(10_000), kind: 'file' }));
  expect(() => createTarParser(sink, { ...DEFAULT_TAR_LIMITS, headerBytes: 5000 }).push(wide)).toThrow(TooLargeError);
  const large = tarEntry(tarHeader({ name: 'a', kind: 'file', size: 2 ** 43 }));
  expect(() => createTarParser(sink).push(large)).toThrow(TooLargeError);
});

test.each([
  ['a length that is no number', 'xx path=a\n'],
  ['a length beyond the end', '99 path=a\n'],
  ['no equals sign', '9 path-a\n'],
  ['no newline', '9 path=ab'],
  ['a zero byte in a name', '11 path=a\0b\n'],
])('a PAX record with %s is refused', (_what, record) => {
  const pax = tarEntry(tarHeader({ name: 'p', kind: 'file', size: record.length }));
  pax.write('x', 156);
  pax.fill(0x20, 148, 156);
  pax.write(
    `${pax
      .reduce((sum, byte) => sum + byte, 0)
      .toString(8)
      .padStart(6, '0')}\0 `,
    148,
  );
  const tar = Buffer.concat([
    pax,
    Buffer.from(record),
    tarPadding(record.length),
    archive(tarHeader({ name: 'a', kind: 'file' })),
  ]);
  expect(() => parse(tar)).toThrow(InvalidArgumentError);
});

test('entries come one by one for who waits between them, read or not', async () => {
  const tar = Buffer.concat(
    ['one', 'two', 'three'].flatMap((text) => [
      tarEntry(tarHeader({ name: text, kind: 'file', size: text.length })),
      Buffer.from(text),
      tarPadding(text.length),
    ]),
  );
  const seen: string[] = [];
  for await (const { header, content } of readTar(
    (async function* pieces() {
      for (let at = 0; at < tar.length; at += 300) yield tar.subarray(at, at + 300);
    })(),
  )) {
    if (header.name !== 'two') seen.push(Buffer.concat(await Array.fromAsync(content)).toString());
    else seen.push('skipped');
  }
  expect(seen).toEqual(['one', 'skipped', 'three']);
});
