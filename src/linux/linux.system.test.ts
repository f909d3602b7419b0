import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  closeSync,
  lstatSync,
  openSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import koffi from 'koffi';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { ConflictError, InvalidArgumentError, NotFoundError } from '#lib/errors.ts';
import {
  cgroupFolders,
  cgroupProcesses,
  createCgroup,
  detectCgroups,
  joinCgroup,
  killCgroup,
  removeCgroup,
} from './cgroup.ts';
import { c } from './ffi.ts';
import { holdPort } from './held-port.ts';
import { makeNode, makeWhiteout } from './mknod.ts';
import { mountsBelow } from './mounts-below.ts';
import { createNetns, inNetns, removeNetns } from './netns.ts';
import { openPidfd } from './pidfd.ts';
import { connectSeqpacket } from './seqpacket.ts';
import { setTimes } from './times.ts';
import { getXattr, listXattrs, removeXattr, setXattr } from './xattr.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'linux-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** A process that is not our child. */
function orphan(script: string): number {
  return Number(execFileSync('sh', ['-c', `(${script}) >/dev/null 2>&1 & echo $!`], { encoding: 'utf8' }));
}

test('attributes come back, an empty one is not a missing one, and a link has none of its target', () => {
  const [file, alias] = [join(folder, 'file'), join(folder, 'alias')];
  writeFileSync(file, '');
  symlinkSync('file', alias);
  setXattr(file, 'user.b', Buffer.from([0, 255, 10]));
  setXattr(file, 'user.a', Buffer.alloc(0));
  expect(listXattrs(file)).toEqual(['user.a', 'user.b']);
  expect(getXattr(file, 'user.b')).toEqual(Buffer.from([0, 255, 10]));
  expect(getXattr(file, 'user.a')).toEqual(Buffer.alloc(0));
  expect(getXattr(alias, 'user.a')).toBeUndefined();
  removeXattr(file, 'user.a');
  removeXattr(file, 'user.a');
  expect(listXattrs(file)).toEqual(['user.b']);
  expect(() => listXattrs(join(folder, 'nothing'))).toThrow(NotFoundError);
});

test('special files have the mode asked for, whatever the umask', () => {
  makeNode(join(folder, 'null'), { kind: 'character', mode: 0o666, major: 1, minor: 3 });
  makeNode(join(folder, 'pipe'), { kind: 'fifo', mode: 0o622 });
  makeWhiteout(join(folder, 'gone'));
  expect(statSync(join(folder, 'null'))).toMatchObject({ rdev: 259, mode: 0o020666 });
  expect(statSync(join(folder, 'pipe')).mode).toBe(0o010622);
  expect(statSync(join(folder, 'gone'))).toMatchObject({ rdev: 0, mode: 0o020000 });
  expect(() => makeWhiteout(join(folder, 'gone'))).toThrow(ConflictError);
});

test('times are set to the nanosecond, also before the epoch, and of a link itself', () => {
  writeFileSync(join(folder, 'file'), '');
  symlinkSync('file', join(folder, 'alias'));
  setTimes(join(folder, 'file'), { mtimeNs: 1_234_567_890_123_456_789n });
  setTimes(join(folder, 'alias'), { atimeNs: 5n, mtimeNs: -1n });
  expect(lstatSync(join(folder, 'file'), { bigint: true }).mtimeNs).toBe(1_234_567_890_123_456_789n);
  expect(lstatSync(join(folder, 'alias'), { bigint: true })).toMatchObject({ atimeNs: 5n, mtimeNs: -1n });
});

test('the exit code of a process that is not our child is known', async () => {
  const pid = orphan('sleep 0.3; exit 42');
  using process = openPidfd(pid);
  expect(process.alive()).toBe(true);
  expect(process.exitCode()).toBeUndefined();
  const before = performance.now();
  await process.ended();
  expect(performance.now() - before).toBeLessThan(2000);
  expect(process.alive()).toBe(false);
  expect(process.exitCode()).toBe(42);
  expect(process.signal(15)).toBe(false);
});

test('a signal reaches the process, and waiting can be given up', async () => {
  using process = openPidfd(orphan('exec sleep 60'));
  await expect(process.ended({ signal: AbortSignal.timeout(50) })).rejects.toThrow('aborted');
  expect(process.signal(15)).toBe(true);
  await process.ended();
  expect(process.exitCode()).toBe(143);
  expect(() => openPidfd(2 ** 22 - 1)).toThrow(NotFoundError);
});

const MSG_DONTWAIT = 0x40;

/** A socket that keeps packet borders, listening in a folder; each call answers for the one client. */
function listenAt(path: string): { accept(): void; send(text: string): void; receive(): string; close(): void } {
  const accept = koffi.load(null).func('int accept(int fd, void *address, void *length)');
  const fd = c.socket(1, 5, 0);
  const directory = openSync(join(path, '..'), 'r');
  const address = Buffer.alloc(110);
  address.writeUInt16LE(1, 0);
  address.write(`/proc/self/fd/${directory}/${basename(path)}`, 2);
  expect(c.bind(fd, address, address.length)).toBe(0);
  c.listen(fd, 1);
  closeSync(directory);
  let client = -1;
  return {
    accept: () => void (client = accept(fd, null, null) as number),
    send: (text) => void c.send(client, Buffer.from(text), text.length, 0),
    receive() {
      const buffer = Buffer.alloc(100);
      return buffer.toString('utf8', 0, Number(c.recv(client, buffer, buffer.length, MSG_DONTWAIT)));
    },
    close: () => [client, fd].forEach((open) => c.close(open)),
  };
}

test('packets keep their borders, and output still comes after the sending half is closed', async () => {
  const long = join(folder, 'x'.repeat(120));
  mkdirSync(long);
  for (const path of [join(folder, 'short'), join(long, 'attach')]) {
    const server = listenAt(path);
    const socket = await connectSeqpacket(path);
    const packets: string[] = [];
    socket.on('data', (packet: Buffer) => packets.push(packet.toString()));
    server.accept();
    server.send('one');
    server.send('two');
    socket.end('me');
    await once(socket, 'finish');
    expect([server.receive(), server.receive()]).toEqual(['me', '']);
    server.send('late');
    server.close();
    await once(socket, 'end');
    expect(packets).toEqual(['one', 'two', 'late']);
  }
  await expect(connectSeqpacket(join(folder, 'nothing'))).rejects.toThrow(NotFoundError);
});

const devices = (): string => readFileSync('/proc/thread-self/net/dev', 'utf8');

test('a network namespace lives at its path until it is removed, and work in it leaves the thread where it was', () => {
  const path = join(folder, 'ns');
  const outside = devices().split('\n').length;
  createNetns(path);
  expect(() => createNetns(path)).toThrow();
  expect(inNetns(path, devices)).not.toContain('eth0');
  expect(() =>
    inNetns(path, () => {
      throw new InvalidArgumentError('in there');
    }),
  ).toThrow('in there');
  expect(devices().split('\n')).toHaveLength(outside);
  expect(mountsBelow(path)).toEqual([path]);
  removeNetns(path);
  removeNetns(path);
  expect(mountsBelow(path)).toEqual([]);
});

test('a held port is nobody else’s until it is let go', () => {
  const held = holdPort({ protocol: 'tcp', address: '127.0.0.1', port: 0 });
  expect(() => holdPort({ protocol: 'tcp', address: '0.0.0.0', port: held.port })).toThrow(ConflictError);
  using datagrams = holdPort({ protocol: 'udp', address: '127.0.0.1', port: held.port });
  expect(datagrams.port).toBe(held.port);
  held[Symbol.dispose]();
  using again = holdPort({ protocol: 'tcp', address: '0.0.0.0', port: held.port });
  expect(again.port).toBe(held.port);
  expect(() => holdPort({ protocol: 'tcp', address: '192.0.2.123', port: 0 })).toThrow(InvalidArgumentError);
});

test('a control group takes processes in, kills them and goes', async () => {
  const layout = detectCgroups();
  const group = `/berth-test-${process.pid}`;
  await createCgroup(layout, `${group}/inner`);
  const child = spawn('sleep', ['60']);
  const ended = once(child, 'exit');
  await joinCgroup(layout, `${group}/inner`, child.pid ?? 0);
  expect(await cgroupProcesses(layout, group)).toEqual([child.pid]);
  await killCgroup(layout, group);
  expect((await ended)[1]).toBe('SIGKILL');
  await removeCgroup(layout, group);
  await removeCgroup(layout, group);
  await sleep(0);
  for (const path of cgroupFolders(layout, group)) expect(() => statSync(path)).toThrow('ENOENT');
});
