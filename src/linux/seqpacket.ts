import { closeSync, constants, openSync } from 'node:fs';
import { Socket, type SocketConstructorOpts } from 'node:net';
import { basename, dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { InternalError, UnavailableError } from '#lib/errors.ts';
import { c, checked, lastErrno } from './ffi.ts';
import { numbers } from './numbers.ts';

const AF_UNIX = 1;
const SOCK_SEQPACKET = 5;
/** Bytes of `sun_path` in `struct sockaddr_un`, the ending zero included. */
const PATH_SIZE = 108;
const BUSY_TRIES = 50;

/**
 * Connects to a unix socket that keeps packet borders. Each packet is one `data` event; `end()` closes the sending half only.
 * @throws {NotFoundError} if nothing has the path; {UnavailableError} if nobody listens
 */
export async function connectSeqpacket(path: string): Promise<Socket> {
  const { closeOnExec, nonBlocking } = numbers().socket;
  const fd = checked(c.socket(AF_UNIX, SOCK_SEQPACKET | closeOnExec | nonBlocking, 0), 'socket');
  try {
    await connect(fd, path);
    return adopt(fd);
  } catch (error) {
    c.close(fd);
    throw error;
  }
}

async function connect(fd: number, path: string): Promise<void> {
  if (Buffer.byteLength(path) < PATH_SIZE) return connectShort(fd, path, path);
  // A longer path does not fit the address; a descriptor of its folder makes it short.
  const folder = openSync(dirname(path), constants.O_RDONLY | constants.O_DIRECTORY);
  try {
    await connectShort(fd, `/proc/self/fd/${folder}/${basename(path)}`, path);
  } finally {
    closeSync(folder);
  }
}

async function connectShort(fd: number, short: string, path: string): Promise<void> {
  const address = Buffer.alloc(2 + PATH_SIZE);
  address.writeUInt16LE(AF_UNIX, 0);
  const length = address.write(short, 2, PATH_SIZE - 1);
  for (let attempt = 0; ; attempt++) {
    const result = c.connect(fd, address, 2 + length + 1);
    if (result === 0) return;
    // The listener's queue is full: a connect that does not block says so at once.
    if (lastErrno() !== 'EAGAIN' || attempt >= BUSY_TRIES) checked(result, `connect to ${path}`);
    await sleep(2);
  }
}

interface PipeHandle {
  open(fd: number): number;
}
interface PipeWrap {
  Pipe: new (type: number) => PipeHandle;
  constants: { SOCKET: number };
}

/** `new net.Socket({ fd })` refuses a packet socket, its handle does not. The one place where a binding of Node's insides is used. */
export function adopt(fd: number): Socket {
  const { binding } = process as unknown as { binding?: (name: string) => unknown };
  const pipe = binding?.call(process, 'pipe_wrap') as PipeWrap | undefined;
  if (pipe === undefined)
    throw new UnavailableError('this Node has no pipe_wrap', { hint: 'run the engine with Node 24' });
  const handle = new pipe.Pipe(pipe.constants.SOCKET);
  const code = handle.open(fd);
  if (code !== 0) throw new InternalError(`socket could not be adopted: libuv ${code}`);
  const options = { handle, readable: true, writable: true, allowHalfOpen: true };
  return new Socket(options as unknown as SocketConstructorOpts);
}
