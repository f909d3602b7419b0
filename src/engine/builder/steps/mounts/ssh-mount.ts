import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { chmod, chown, open } from 'node:fs/promises';
import { createServer, type Server, type Socket } from 'node:net';
import { constants } from 'node:fs';
import { join } from 'node:path';
import type { Duplex } from 'node:stream';
import type { MountFlag } from '#dockerfile/mount-flag.ts';
import type { RunOnceMount } from '#engine/containers/run-once.ts';
import { InvalidArgumentError, NotFoundError } from '#lib/errors.ts';
import type { SshSource } from '../../sources/client-sources.ts';
import type { StepInput } from '../step.ts';

const FOLDER = '/run/buildkit/ssh_agent';
/** A step has one agent's connection open at a time, or a few. */
const CONNECTION_LIMIT = 64;

/** An SSH agent that a step may ask. */
export interface SshMount {
  id: string;
  /** Where its socket is seen. */
  destination: string;
  mode: number;
  uid: number;
  gid: number;
  isRequired: boolean;
}

/** @param index counts the agents of the step */
export function planSsh(
  flag: MountFlag,
  ...[index, resolve]: [index: number, resolve: (path: string) => string]
): SshMount {
  const { id, source, target, mode = 0o600, uid = 0, gid = 0, required } = flag;
  if (source !== '')
    throw new InvalidArgumentError('ssh does not support source', {
      why: 'RUN --mount=type=ssh mounts the socket of an agent, not a file',
      hint: 'leave source= away, and name the agent with id=<name>',
    });
  return {
    id: id === '' ? 'default' : id,
    destination: target === '' ? `${FOLDER}.${index}` : resolve(target),
    mode,
    uid,
    gid,
    isRequired: required,
  };
}

export function sshInput({ id, destination, mode, uid, gid }: SshMount): StepInput {
  return { name: `ssh ${id}`, value: [destination, mode, uid, gid] };
}

/** The socket of an agent; connections to it lead to the client until it is disposed. */
export interface OpenedSsh extends AsyncDisposable {
  mount: RunOnceMount;
}

/**
 * @param folder in memory
 * @returns undefined if the client forwards none and none is required
 * @throws {NotFoundError}
 */
export async function openSsh(
  { ssh, signal }: { ssh: SshSource; signal: AbortSignal },
  { id, destination, mode, uid, gid, isRequired }: SshMount,
  folder: () => Promise<string>,
): Promise<OpenedSsh | undefined> {
  try {
    await ssh.check(id);
  } catch (error) {
    if (!isRequired && error instanceof NotFoundError) return undefined;
    throw error;
  }
  const place = await folder();
  const name = `ssh-${randomBytes(4).toString('hex')}`;
  const ended = new AbortController();
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    void forward(socket, () => ssh.connect(id, AbortSignal.any([signal, ended.signal])));
  });
  server.maxConnections = CONNECTION_LIMIT;
  await listen(server, { folder: place, name });
  const path = join(place, name);
  await chown(path, uid, gid);
  await chmod(path, mode & 0o7777);
  return {
    mount: { source: path, destination, options: ['nosuid', 'nodev', 'noexec'] },
    async [Symbol.asyncDispose]() {
      ended.abort();
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  };
}

/** The name of a socket has at most 107 bytes: a folder is named through a descriptor. */
async function listen(server: Server, { folder, name }: { folder: string; name: string }): Promise<void> {
  await using handle = await open(folder, constants.O_RDONLY | constants.O_DIRECTORY);
  server.listen(`/proc/self/fd/${handle.fd}/${name}`);
  await once(server, 'listening');
}

async function forward(socket: Socket, connect: () => Promise<Duplex>): Promise<void> {
  socket.on('error', () => socket.destroy());
  let agent: Duplex;
  try {
    agent = await connect();
  } catch {
    socket.destroy(); // the program in the step sees that the agent does not answer
    return;
  }
  agent.on('error', () => socket.destroy());
  agent.on('close', () => socket.end());
  socket.on('close', () => agent.destroy());
  socket.pipe(agent).pipe(socket);
}
