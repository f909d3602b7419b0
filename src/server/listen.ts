import { once } from 'node:events';
import { chown, lstat, mkdir, readFile, unlink } from 'node:fs/promises';
import type { Server } from 'node:http';
import { connect } from 'node:net';
import { dirname } from 'node:path';
import type { TlsOptions } from 'node:tls';
import { ConflictError, InvalidArgumentError, PermissionDeniedError, UnavailableError } from '#lib/errors.ts';

/** Where to listen. */
export type Address =
  | { kind: 'unix'; text: string; path: string }
  | { kind: 'tcp'; text: string; host: string; port: number }
  | { kind: 'fd'; text: string };

/** Certificate, key, and the authority that signs clients' certificates. */
export interface TlsFiles {
  certificate: string;
  key: string;
  clientAuthority: string;
}

interface Bound {
  /** Set when connections are to be encrypted. */
  tls: TlsOptions | undefined;
  listen(server: Server): Promise<void>;
  /** Takes away what is left of the address when the server has closed. */
  release(this: void): Promise<void>;
}

const UNIX_PATH_LIMIT_BYTES = 107;
const FIRST_PASSED_FD = 3;

/**
 * Reads an address as `--host` takes it: `unix:///path`, `tcp://address:port`, `fd://`.
 * @throws {InvalidArgumentError}
 */
export function parseAddress(text: string): Address {
  if (text.startsWith('fd://')) return { kind: 'fd', text };
  if (text.startsWith('unix://') || text.startsWith('/')) {
    const path = text.replace(/^unix:\/\//, '');
    if (!path.startsWith('/')) throw new InvalidArgumentError(`invalid address ${JSON.stringify(text)}: not absolute`);
    if (Buffer.byteLength(path) > UNIX_PATH_LIMIT_BYTES)
      throw new InvalidArgumentError(`the socket's path is too long: ${path}`, {
        why: `the kernel takes at most ${UNIX_PATH_LIMIT_BYTES} bytes`,
        hint: 'choose a shorter one with --host unix:///…',
      });
    return { kind: 'unix', text: `unix://${path}`, path };
  }
  const tcp = /^tcp:\/\/(\[[0-9a-fA-F:.]+\]|[^:/[\]]*)(?::(\d{1,5}))?\/?$/.exec(text);
  if (tcp === null)
    throw new InvalidArgumentError(`invalid address ${JSON.stringify(text)}`, {
      hint: 'use unix:///run/berth/berth.sock or tcp://ADDRESS:PORT',
    });
  const host = (tcp[1] ?? '').replace(/^\[|\]$/g, '') || 'localhost';
  return { kind: 'tcp', text, host, port: Number(tcp[2] ?? 2376) };
}

/** Prepares an address for a server to listen on. */
export async function bind(
  address: Address,
  { tls, groupId }: { tls: TlsFiles | undefined; groupId: number | undefined },
): Promise<Bound> {
  if (address.kind === 'tcp') return bindTcp(address, tls);
  if (address.kind === 'fd') return bindPassed();
  await clearStale(address.path);
  return {
    tls: undefined,
    async listen(server) {
      await mkdir(dirname(address.path), { recursive: true, mode: 0o755 });
      // The socket must not be open to others for even a moment, so the mask, not a later chmod, closes it.
      const mask = process.umask(0o117);
      server.listen(address.path);
      process.umask(mask);
      await listening(server, address.text);
      if (groupId !== undefined) await chown(address.path, 0, groupId);
    },
    release: async () => unlink(address.path).catch(() => {}),
  };
}

/** Client certificates are not optional: whoever can talk to the engine is root on this host. */
async function bindTcp(address: Address & { kind: 'tcp' }, tls: TlsFiles | undefined): Promise<Bound> {
  if (tls === undefined) throw unprotected(address);
  const [cert, key, ca] = await Promise.all([readPem(tls.certificate), readPem(tls.key), readPem(tls.clientAuthority)]);
  return {
    tls: { cert, key, ca, requestCert: true, rejectUnauthorized: true, minVersion: 'TLSv1.2' },
    async listen(server) {
      server.listen({ host: address.host, port: address.port });
      await listening(server, address.text);
    },
    release: async () => {},
  };
}

/** The error for an address that would be open to everybody. */
export function unprotected({ text }: Address): InvalidArgumentError {
  return new InvalidArgumentError(`refusing to listen on ${text} without client certificates`, {
    why: 'whoever can reach the port would be root on this host',
    hint: 'add --tlsverify --tlscacert ca.pem --tlscert cert.pem --tlskey key.pem, or reach the unix socket over ssh',
  });
}

function bindPassed(): Bound {
  if (process.env['LISTEN_PID'] !== String(process.pid) || Number(process.env['LISTEN_FDS'] ?? 0) < 1)
    throw new InvalidArgumentError('no sockets were passed for fd://', {
      why: 'LISTEN_PID and LISTEN_FDS are not set for this process',
      hint: 'fd:// is for systemd socket units; elsewhere use --host unix:///run/berth/berth.sock',
    });
  return {
    tls: undefined,
    async listen(server) {
      server.listen({ fd: FIRST_PASSED_FD });
      await listening(server, 'fd://');
    },
    release: async () => {},
  };
}

/** Removes the socket of an engine that is gone. @throws {ConflictError} if one answers, or the path is something else */
async function clearStale(path: string): Promise<void> {
  await assertFree({ kind: 'unix', text: `unix://${path}`, path });
  await unlink(path).catch(() => {});
}

/**
 * Looks whether an address can be had, without taking it; of TCP that is seen only when it is taken.
 * @throws {ConflictError}
 */
export async function assertFree(address: Address): Promise<void> {
  if (address.kind !== 'unix') return;
  const { path } = address;
  const found = await lstat(path).catch(() => undefined);
  if (found === undefined) return;
  if (!found.isSocket())
    throw new ConflictError(`${path} is in the way: it is not a socket`, { hint: 'move it, or choose another --host' });
  if (await answers(path))
    throw new ConflictError(`another program listens on ${path}`, {
      hint: 'stop it, or choose another socket with --host unix:///…',
    });
}

async function answers(path: string): Promise<boolean> {
  const socket = connect(path);
  try {
    await once(socket, 'connect');
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}

async function listening(server: Server, text: string): Promise<void> {
  try {
    await once(server, 'listening');
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === 'EADDRINUSE')
      throw new ConflictError(`cannot listen on ${text}: the address is in use`, { cause: error });
    if (code === 'EACCES')
      throw new PermissionDeniedError(`cannot listen on ${text}: permission denied`, { cause: error });
    throw new UnavailableError(`cannot listen on ${text}: ${message}`, { cause: error });
  }
}

async function readPem(path: string): Promise<Buffer> {
  return readFile(path).catch((error: NodeJS.ErrnoException) => {
    throw new InvalidArgumentError(`cannot read ${path}: ${error.code ?? error.message}`, {
      hint: '--tlscacert, --tlscert and --tlskey name PEM files',
      cause: error,
    });
  });
}
