import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtempDisposable, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/** Debian's docker-registry, running on loopback for a test. */
export interface TestRegistry extends AsyncDisposable {
  /** `127.0.0.1:PORT`. */
  host: string;
}

export const REGISTRY_PROGRAM = '/usr/bin/docker-registry';
export const hasRegistry = existsSync(REGISTRY_PROGRAM);

/** Starts one with its own folder. `auth` is the part of its configuration with that name, in YAML's JSON form. */
export async function startTestRegistry({
  auth,
  htpasswd,
}: { auth?: object; htpasswd?: string } = {}): Promise<TestRegistry> {
  await using stack = new AsyncDisposableStack();
  const folder = stack.use(await mkdtempDisposable(join(tmpdir(), 'registry-'))).path;
  const host = `127.0.0.1:${await freePort()}`;
  const users = join(folder, 'htpasswd');
  if (htpasswd !== undefined) await writeFile(users, `${htpasswd}\n`);
  const config = {
    version: 0.1,
    log: { level: 'error', accesslog: { disabled: true } },
    storage: { filesystem: { rootdirectory: join(folder, 'data') }, delete: { enabled: true } },
    http: { addr: host },
    ...(htpasswd !== undefined && { auth: { htpasswd: { realm: 'test', path: users } } }),
    ...(auth !== undefined && { auth }),
  };
  await writeFile(join(folder, 'config.yml'), JSON.stringify(config));
  const child = spawn(REGISTRY_PROGRAM, ['serve', join(folder, 'config.yml')], { stdio: 'ignore' });
  stack.defer(async () => stop(child));
  await untilUp(host);
  const held = stack.move();
  return { host, [Symbol.asyncDispose]: async () => held.disposeAsync() };
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill('SIGKILL');
  await once(child, 'exit');
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, 'close');
  return port;
}

async function untilUp(host: string): Promise<void> {
  for (let tries = 0; tries < 100; tries++) {
    try {
      await (await fetch(`http://${host}/v2/`)).arrayBuffer();
      return;
    } catch {
      await sleep(50);
    }
  }
  throw new Error(`docker-registry did not start at ${host}`);
}
