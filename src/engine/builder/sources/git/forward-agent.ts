import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { mkdtemp, rm } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import type { SshSource } from '../client-sources.ts';

/** The client's SSH agent as a socket that programs of ours can use. Gone when disposed. */
export async function forwardAgent(
  ssh: SshSource,
  { scratch, id, signal }: { scratch: string; id: string; signal: AbortSignal },
): Promise<{ path: string } & AsyncDisposable> {
  await ssh.check(id);
  const folder = await mkdtemp(join(scratch, 'a-'));
  const path = join(folder, 's');
  const open = new Set<Socket>();
  const server = createServer((socket) => {
    open.add(socket);
    void carry(ssh, socket, { id, signal }).finally(() => {
      open.delete(socket);
      socket.destroy();
    });
  });
  server.listen(path);
  await once(server, 'listening');
  return {
    path,
    async [Symbol.asyncDispose]() {
      for (const socket of open) socket.destroy();
      server.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function carry(
  ssh: SshSource,
  socket: Socket,
  { id, signal }: { id: string; signal: AbortSignal },
): Promise<void> {
  try {
    const agent = await ssh.connect(id, signal);
    await Promise.all([pipeline(socket, agent, { signal }), pipeline(agent, socket, { signal })]);
  } catch {
    // Whoever asked the agent sees the end of the connection, and says so.
  }
}
