import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempDisposable, readFile } from 'node:fs/promises';
import { request } from 'node:http';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { InternalError } from '#lib/errors.ts';
import { run } from '#lib/run.ts';
import { type Comparison, alternate } from './support/measure.ts';
import type { Ends } from './support/ends.ts';

/**
 * From starting the engine's program to its first answer to `/_ping`. The peer's figure is read from its own log, from `Starting up`
 * to `API listen on`, so its program's load time and a first request are not in it: the comparison favours the peer.
 */
export async function bench(ends: Ends): Promise<Comparison[]> {
  const taken = await alternate({ berth: startBerth, peer: () => restartPeer(ends) }, 7);
  return [
    {
      name: 'engine start to first ping',
      unit: 'ms',
      ...taken,
      commands: {
        berth: 'berthd engine run (the bundle), polled every 2 ms',
        peer: 'dockerd, by the times in its log',
      },
      settings: 'Berth: empty data root; peer: its data root with one image; programs in the page cache',
    },
  ];
}

async function startBerth(): Promise<number> {
  await using root = await mkdtempDisposable('/tmp/bs-');
  const socket = join(root.path, 's.sock');
  const places = [
    '--data-root',
    join(root.path, 'd'),
    '--exec-root',
    join(root.path, 'r'),
    '--host',
    `unix://${socket}`,
  ];
  const start = performance.now();
  const child = spawn(process.execPath, ['dist/berthd.mjs', 'engine', 'run', ...places], { stdio: 'ignore' });
  const ended = once(child, 'exit');
  while (!(await pings(socket))) {
    if (child.exitCode !== null)
      throw new InternalError('the engine ended before it answered', { hint: 'npm run build' });
    await sleep(2);
  }
  const taken = performance.now() - start;
  child.kill('SIGTERM');
  await ended;
  // A stopped engine keeps its bridge and table for containers that run on.
  const [dataRoot, execRoot] = [join(root.path, 'd'), join(root.path, 'r')];
  await run([process.execPath, 'dist/berthd.mjs', 'engine', 'purge', '--data-root', dataRoot, '--exec-root', execRoot]);
  return taken;
}

async function pings(socketPath: string): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  request({ socketPath, path: '/_ping' }, (response) => {
    response.resume();
    resolve(response.statusCode === 200);
  })
    .on('error', () => resolve(false))
    .end();
  return promise;
}

async function restartPeer({ peer }: Ends): Promise<number> {
  await peer.restart();
  const lines = (await readFile(peer.log, 'utf8')).split('\n');
  const timeOf = (text: string): number => {
    const line = lines.findLast((candidate) => candidate.includes(text)) ?? '';
    return Date.parse(/time="?([^" ]+)"?/.exec(line)?.[1] ?? '');
  };
  return timeOf('API listen on') - timeOf('Starting up');
}
