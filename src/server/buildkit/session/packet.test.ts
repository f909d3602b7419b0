import { expect, test } from 'vitest';
import { testEntry } from '#engine/builder/contexts/test-entries.ts';
import { readFileMode, writeFileMode } from './file-mode.ts';
import { type Packet, readPacket, writePacket } from './packet.ts';

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

const plain = (packet: Packet | 'skipped'): unknown =>
  packet !== 'skipped' && packet.type === 'data' ? { ...packet, bytes: hex(packet.bytes) } : packet;

test.each<[string, Packet, string]>([
  ['an entry', { type: 'stat', entry: testEntry('a', { size: 3, mtimeNs: 1n }) }, '120a0a016110a40328033001'],
  ['a folder', { type: 'stat', entry: testEntry('d', { kind: 'directory', mtimeNs: 0n }) }, '12090a016410ed83808008'],
  ['the last entry', { type: 'stat', entry: undefined }, ''],
  ['a request', { type: 'request', id: 300 }, '080118ac02'],
  ['bytes', { type: 'data', id: 0, bytes: Buffer.from('hi') }, '080222026869'],
  ['the end of bytes', { type: 'data', id: 5, bytes: new Uint8Array() }, '08021805'],
  ['the end', { type: 'finish' }, '0803'],
  ['an error', { type: 'error', message: 'no' }, '080422026e6f'],
])('%s has the bytes that the protocol gives it', (_, packet, bytes) => {
  expect(hex(writePacket(packet))).toBe(bytes);
  const read = readPacket(Buffer.from(bytes, 'hex'));
  expect(plain(read)).toEqual(plain(packet));
});

test('an entry of any kind comes back as it was sent', () => {
  const entries = [
    testEntry('f', { mode: 0o7777, uid: 4_000_000_000, gid: 1, size: 2 ** 40, mtimeNs: -1n }),
    testEntry('l', { kind: 'symlink', target: '../\u00fc', mode: 0o777 }),
    testEntry('h', { target: 'f', size: 3 }),
    testEntry('c', { kind: 'character', major: 1, minor: 3 }),
    testEntry('b', { kind: 'block', major: 259, minor: 1_000_000 }),
    testEntry('p', { kind: 'fifo' }),
    testEntry('x', { xattrs: new Map([['user.a', Buffer.from([0, 255])]]) }),
    testEntry('bytes \udcff that are no text'),
  ];
  for (const entry of entries)
    expect(readPacket(writePacket({ type: 'stat', entry }))).toEqual({ type: 'stat', entry });
});

test('attributes that steer overlayfs do not come from outside', () => {
  const xattrs = new Map([
    ['trusted.overlay.opaque', Buffer.from('y')],
    ['user.kept', Buffer.from('y')],
  ]);
  const read = readPacket(writePacket({ type: 'stat', entry: testEntry('d', { kind: 'directory', xattrs }) }));
  expect(read).toMatchObject({ entry: { xattrs: new Map([['user.kept', Buffer.from('y')]]) } });
});

test('sockets and what has no name are left out', () => {
  expect(readFileMode(2 ** 24).kind).toBeUndefined();
  expect(readFileMode(2 ** 19).kind).toBeUndefined();
  expect(readPacket(Buffer.from('12080a01731080808008', 'hex'))).toBe('skipped');
});

test('modes go both ways', () => {
  for (const kind of ['directory', 'file', 'symlink', 'character', 'block', 'fifo'] as const)
    for (const mode of [0, 0o644, 0o7777, 0o1777, 0o2755, 0o4711])
      expect(readFileMode(writeFileMode(kind, mode))).toEqual({ kind, mode });
  expect(writeFileMode('directory', 0o1777)).toBe(0x80000000 + 0x100000 + 0o777);
});

test.each(['08', '1280', '120a0a01', '0809', '12020aff', 'ffffffffffffffffffff01'])('%s is refused', (bytes) => {
  expect(() => readPacket(Buffer.from(bytes, 'hex'))).toThrow('malformed message');
});
