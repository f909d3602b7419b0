import { access } from 'node:fs/promises';
import { resolve } from 'node:path';
import { run } from '#lib/run.ts';

/** A Docker to compare with: the program named by BERTH_PEER starts it beside Berth. */
export interface Peer {
  /** As `DOCKER_HOST` takes it. */
  host: string;
  version: string;
  /** Text that the command lines of its processes hold. */
  mark: string;
  /** Path of its log, with a time in each line. */
  log: string;
  /** Stops and starts it on the same data root. */
  restart(): Promise<void>;
  /** Path of an image archive with Python that both sides load. */
  archive: string;
  [Symbol.asyncDispose](): Promise<void>;
}

/** Starts the reference Docker; undefined with a reason on standard error where there is none. */
export async function startPeer(): Promise<Peer | undefined> {
  const program = resolve(process.env['BERTH_PEER'] ?? '../shared/tools/peer');
  const there = await access(program).then(
    () => true,
    () => false,
  );
  if (!there) {
    console.error(`no peer to compare with: ${program} is not there (set BERTH_PEER)`);
    return undefined;
  }
  const archive = (await run([program, 'archive'])).stdout.trim().split('\n').at(-1) ?? '';
  const wasUp = (await run([program, 'env', 'docker'], { allowFailure: true })).code === 0;
  await run([program, 'up', 'docker']);
  const host = (await run([program, 'env', 'docker'])).stdout.trim().replace(/^(export )?DOCKER_HOST=/, '');
  const env = { PATH: process.env['PATH'] ?? '', DOCKER_HOST: host };
  const { stdout } = await run(['docker', 'version', '--format', '{{.Server.Version}}'], { env });
  return {
    host,
    version: stdout.trim(),
    mark: '/run/berth-peers/docker',
    log: (await run([program, 'log', 'docker'])).stdout.trim(),
    async restart() {
      await run([program, 'down', 'docker']);
      await run([program, 'up', 'docker']);
    },
    archive,
    async [Symbol.asyncDispose]() {
      if (!wasUp) await run([program, 'down', 'docker'], { allowFailure: true });
    },
  };
}
