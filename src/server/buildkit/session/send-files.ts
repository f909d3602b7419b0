import { closeSync, read as readCallback, readSync } from 'node:fs';
import { promisify } from 'node:util';
import { InvalidArgumentError, UnavailableError } from '#lib/errors.ts';
import { openRegular } from '#lib/files/open-regular.ts';
import type { Root } from '#lib/files/open-root.ts';
import type { GrpcCall } from '#lib/grpc/client.ts';
import { type Packet, readPacket, writePacket } from './packet.ts';
import { walkFolder } from './walk-folder.ts';

const PIECE_BYTES = 256 * 1024;
const SMALL_BYTES = 64 * 1024;
const readAsync = promisify(readCallback);

/**
 * Sends what is in a folder to a peer, of which it asks for what it does not have (fsutil, the side that sends).
 * @param options.time that all get in place of their own, seconds since epoch
 * @throws what the peer tells went wrong with it
 */
export async function sendFiles(call: GrpcCall, root: Root, { time }: { time?: number } = {}): Promise<void> {
  const files = new Map<number, string>();
  const requests = watchRequests(call);
  const send = async (packet: Packet): Promise<void> => {
    requests.check();
    await call.send(writePacket(packet));
  };
  let id = 0;
  for (const entry of walkFolder(root)) {
    if (entry.kind === 'file') files.set(id, entry.path);
    id += 1;
    const mtimeNs = time === undefined ? entry.mtimeNs : BigInt(time) * 1_000_000_000n;
    await send({ type: 'stat', entry: { ...entry, mtimeNs } });
  }
  await send({ type: 'stat', entry: undefined });
  for (let wanted = await requests.next(); wanted !== undefined; wanted = await requests.next()) {
    const path = files.get(wanted);
    if (path === undefined)
      throw new InvalidArgumentError(`the client asked for the entry ${wanted}, which is no file`);
    // Each once.
    files.delete(wanted);
    await sendFile(root, { id: wanted, path }, send);
  }
  await send({ type: 'finish' });
  call.end();
  await requests.ended;
}

async function sendFile(
  root: Root,
  ...[{ id, path }, send]: [file: { id: number; path: string }, send: (packet: Packet) => Promise<void>]
): Promise<void> {
  const opened = openRegular(root, path);
  if (opened === undefined) throw new InvalidArgumentError(`${path} is no file any more`);
  const { fd, stats } = opened;
  try {
    for (let left = stats.size; left > 0;) {
      const bytes = await readPiece(fd, Math.min(left, PIECE_BYTES));
      // It is shorter than it was.
      if (bytes.length === 0) break;
      left -= bytes.length;
      await send({ type: 'data', id, bytes });
    }
  } finally {
    closeSync(fd);
  }
  await send({ type: 'data', id, bytes: new Uint8Array() });
}

/** To wait for each of thousands of small pieces would cost more than their bytes. */
async function readPiece(fd: number, length: number): Promise<Uint8Array> {
  const buffer = Buffer.allocUnsafe(length);
  if (length <= SMALL_BYTES) return buffer.subarray(0, readSync(fd, buffer));
  const { bytesRead } = await readAsync(fd, { buffer });
  return buffer.subarray(0, bytesRead);
}

/** What the peer asks for, while other things are sent. */
interface Requests {
  /** Undefined when it has all. */
  next(): Promise<number | undefined>;
  /** @throws what ended the call */
  check(): void;
  /** Settles with the call. */
  readonly ended: Promise<void>;
}

function ignore(): void {}

function watchRequests(call: GrpcCall): Requests {
  const queue: number[] = [];
  let isFinished = false;
  let failure: { error: unknown } | undefined;
  let wake = ignore;
  const read = async (): Promise<void> => {
    for await (const message of call.messages) {
      const packet = readPacket(message);
      if (packet === 'skipped') continue;
      if (packet.type === 'error')
        throw new InvalidArgumentError(`the client could not take the files: ${packet.message}`);
      if (packet.type === 'request') queue.push(packet.id);
      else if (packet.type === 'finish') isFinished = true;
      wake();
    }
    if (!isFinished) throw new UnavailableError('the client stopped taking files');
  };
  const ended = read();
  ended.catch((error: unknown) => {
    failure = { error };
    wake();
  });
  const check = (): void => {
    if (failure !== undefined) throw failure.error;
  };
  return {
    ended,
    check,
    async next() {
      for (;;) {
        check();
        const id = queue.shift();
        if (id !== undefined || isFinished) return id;
        const { promise, resolve } = Promise.withResolvers<void>();
        wake = resolve;
        await promise;
      }
    },
  };
}
