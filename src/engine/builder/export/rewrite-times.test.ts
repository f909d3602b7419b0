import { expect, test } from 'vitest';
import { tarHeader } from '#lib/tar/header.ts';
import { readTar } from '#lib/tar/read-tar.ts';
import { TAR_END, tarEntry, tarPadding } from '#lib/tar/writer.ts';
import { noLaterThan, rewriteTimes } from './rewrite-times.ts';

const SECOND = 1_000_000_000n;

async function* pieces(bytes: Buffer, size: number): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

async function rewritten(tar: Buffer, epoch: number): Promise<Buffer> {
  return Buffer.concat(await Array.fromAsync(rewriteTimes(pieces(tar, 700), noLaterThan(epoch))));
}

const CONTENT = Buffer.from('content'.repeat(300));
const TAR = Buffer.concat([
  tarEntry(tarHeader({ name: 'dir/', kind: 'directory', mode: 0o1777, uid: 5, mtimeNs: 50n * SECOND })),
  tarEntry(
    tarHeader({
      name: 'dir/file',
      kind: 'file',
      size: CONTENT.length,
      mtimeNs: 200n * SECOND + 5n,
      xattrs: new Map([['user.x', Buffer.from([0, 1])]]),
    }),
  ),
  CONTENT,
  tarPadding(CONTENT.length),
  tarEntry(tarHeader({ name: 'link', kind: 'symlink', linkName: 'dir/file', mtimeNs: 101n * SECOND })),
  TAR_END,
]);

test('only what is newer gets the time, and all else stays', async () => {
  const bytes = await rewritten(TAR, 100);
  const entries = await Array.fromAsync(readTar(pieces(bytes, 4096)), ({ header, content }) =>
    Array.fromAsync(content).then((parts) => ({ header, content: Buffer.concat(parts) })),
  );
  expect(entries.map(({ header }) => header.mtimeNs)).toEqual([50n * SECOND, 100n * SECOND, 100n * SECOND]);
  expect(entries[0]?.header).toMatchObject({ name: 'dir/', mode: 0o1777, uid: 5 });
  expect(entries[1]?.header.xattrs.get('user.x')).toEqual(Buffer.from([0, 1]));
  expect(entries[1]?.content.equals(CONTENT)).toBe(true);
  expect(entries[2]?.header.linkName).toBe('dir/file');
  expect((await rewritten(bytes, 100)).equals(bytes)).toBe(true);
});

test('where nothing is newer the bytes are the same', async () => {
  expect((await rewritten(TAR, 1000)).equals(TAR)).toBe(true);
});

test('holes of a sparse file are filled', async () => {
  // GNU sparse 1.0: a map in front of the data, and the name in a PAX header.
  const map = Buffer.alloc(512);
  map.write('2\n512\n4\n1024\n4\n');
  const data = Buffer.alloc(512);
  data.write('AAAABBBB');
  const pax = ['GNU.sparse.major=1', 'GNU.sparse.minor=0', 'GNU.sparse.name=sparse', 'GNU.sparse.realsize=2000'];
  const records = Buffer.from(
    pax
      .map((record) => `${record.length + 4} ${record}\n`)
      .map((line) => `${line.length}${line.slice(line.indexOf(' '))}`)
      .join(''),
  );
  const extended = tarEntry(tarHeader({ name: 'pax', kind: 'file', size: records.length }));
  extended.write('x', 156, 'latin1');
  extended.fill(0x20, 148, 156);
  const sum = extended.reduce((total, byte) => total + byte, 0);
  extended.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
  const file = tarEntry(tarHeader({ name: 'GNUSparseFile.0/sparse', kind: 'file', size: 520 }));
  const tar = Buffer.concat([extended, records, tarPadding(records.length), file, map, data, TAR_END]);
  const bytes = await rewritten(tar, 1000);
  const [entry] = await Array.fromAsync(readTar(pieces(bytes, 4096)), ({ header, content }) =>
    Array.fromAsync(content).then((parts) => ({ header, content: Buffer.concat(parts) })),
  );
  expect(entry?.header).toMatchObject({ name: 'sparse', size: 2000 });
  expect(entry?.content.indexOf('AAAA')).toBe(512);
  expect(entry?.content.indexOf('BBBB')).toBe(1024);
  expect(entry?.content.length).toBe(2000);
});
