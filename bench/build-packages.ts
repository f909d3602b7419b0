import { mkdir, mkdtempDisposable, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { InternalError } from '#lib/errors.ts';
import { run } from '#lib/run.ts';
import { findBuildx } from '../test/support/buildx.ts';
import { type Comparison, alternate } from './support/measure.ts';
import { type End, type Ends, IMAGE } from './support/ends.ts';
import { openCountedRegistry } from './support/counted-registry.ts';
import { openWheelHouse } from './support/wheel-house.ts';

const RUNS = 5;
const FILES = 5000;
const PACKAGES = ['scikit-learn==1.5.2', 'scipy==1.14.1', 'numpy==2.1.2', 'pandas==2.2.3'];
/** The requirement that changes: another version each turn. */
const CHANGED = ['2.32.3', '2.32.4', '2.32.5', '2.32.2', '2.31.0', '2.30.0'].map((version) => `requests==${version}`);

/** What an engine does after a build has its time. */
const REST_MS = 5000;

interface Scene {
  ends: Ends;
  config: string;
  context: string;
  /** Options of pip. */
  pip: string;
}

/** Builds that install Python packages: what a cold one costs beyond its commands, and what one changed requirement costs. */
export async function bench(ends: Ends): Promise<Comparison[]> {
  const plugin = await findBuildx();
  if (plugin === undefined)
    throw new InternalError('the docker client has no buildx', { hint: 'name the plugin with BERTH_BUILDX' });
  await using folder = await mkdtempDisposable(join(tmpdir(), 'bench-packages-'));
  const config = join(folder.path, 'config');
  await mkdir(join(config, 'cli-plugins'), { recursive: true });
  await symlink(plugin, join(config, 'cli-plugins', 'docker-buildx'));
  await using house = await openWheelHouse([[...PACKAGES, CHANGED[0] ?? '']], '3.11');
  const context = await writeContext(join(folder.path, 'context'), house.flags);
  const scene: Scene = { ends, config, context, pip: house.flags };
  const fromIndex = await writeContext(join(folder.path, 'index'), '');
  return [await cold(scene), ...(await bumped({ ...scene, context: fromIndex }))];
}

async function writeContext(context: string, pip: string): Promise<string> {
  await mkdir(join(context, 'files'), { recursive: true });
  for (let index = 0; index < FILES; index++)
    await writeFile(join(context, 'files', `${index}.py`), `print(${index})\n`.repeat(20));
  await writeRequirements(context, 0);
  const lines = [
    `FROM ${IMAGE}`,
    'WORKDIR /app',
    'COPY requirements.txt .',
    `RUN pip install ${pip} -r requirements.txt`,
    'COPY files files',
  ];
  await writeFile(join(context, 'Dockerfile'), `${lines.join('\n')}\n`);
  return context;
}

async function writeRequirements(context: string, turn: number): Promise<void> {
  const changed = CHANGED[turn % CHANGED.length] ?? '';
  await writeFile(join(context, 'requirements.txt'), `${[...PACKAGES, changed].join('\n')}\n`);
}

async function buildx({ config }: Scene, end: End, ...args: string[]): Promise<void> {
  const env = { PATH: process.env['PATH'] ?? '', HOME: '/nonexistent', DOCKER_CONFIG: config, DOCKER_HOST: end.host };
  await run(['docker', 'buildx', 'build', ...args], { env });
}

async function berth(end: End, ...args: string[]): Promise<void> {
  const env = { PATH: process.env['PATH'] ?? '', HOME: process.env['HOME'] ?? '/' };
  await run(['./berth', '--host', end.host, 'build', ...args], { env });
}

async function cold(scene: Scene): Promise<Comparison> {
  const { ends, context, pip } = scene;
  const commands = `cp -r /context/files /app && pip install ${pip} -r /context/requirements.txt`;
  const containers: { end: End; id: string }[] = [];
  const overhead = async (end: End, build: (...args: string[]) => Promise<void>): Promise<number> => {
    const id = (await end.docker('run', '-d', '-v', `${context}:/context`, IMAGE, 'sleep', '7200')).stdout.trim();
    containers.push({ end, id });
    await end.docker('exec', id, 'mkdir', '/app');
    const start = performance.now();
    await end.docker('exec', id, 'sh', '-c', commands);
    const alone = performance.now() - start;
    const began = performance.now();
    await build('--no-cache', '-t', 'bench-cold', context);
    const taken = performance.now() - began - alone;
    await sleep(REST_MS);
    return taken;
  };
  const taken = await alternate(
    {
      berth: () => overhead(ends.berth, (...args) => berth(ends.berth, '--no-implicit-cache', ...args)),
      peer: () => overhead(ends.peer, (...args) => buildx(scene, ends.peer, ...args)),
    },
    RUNS,
  );
  // Not between the turns: for minutes after many files were deleted, files are made far more slowly.
  for (const { end, id } of containers) await end.docker('rm', '-f', id);
  return {
    name: 'cold build, beyond its commands',
    unit: 'ms',
    ...taken,
    commands: {
      berth: './berth build --no-cache --no-implicit-cache -t bench-cold .',
      peer: 'docker buildx build --no-cache -t bench-cold .',
    },
    settings: `pip installs ${PACKAGES.join(', ')} from wheels on the host, ${FILES} files are copied; the wall time of the same commands in a running container is taken off`,
  };
}

/** Another version of one package: how long the build takes, and what is sent to a registry that has the image from before. */
async function bumped(scene: Scene): Promise<Comparison[]> {
  const { ends, context } = scene;
  await using registry = await openCountedRegistry();
  const turns = { berth: 0, peer: 0 };
  const pushed: Record<'berth' | 'peer', number[]> = { berth: [], peer: [] };
  const push = async (side: 'berth' | 'peer'): Promise<void> => {
    if (registry === undefined) return;
    const name = `${registry.address}/${side}`;
    const end = ends[side];
    const before = await registry.bytes();
    await end.docker('tag', 'bench-bumped', name);
    await end.docker('push', name);
    pushed[side].push(((await registry.bytes()) - before) / 1e6);
  };
  const measure = async (side: 'berth' | 'peer', build: (...args: string[]) => Promise<void>): Promise<number> => {
    await writeRequirements(context, turns[side]++);
    const start = performance.now();
    await build('-t', 'bench-bumped', context);
    const taken = performance.now() - start;
    await push(side);
    return taken;
  };
  const { load, ...taken } = await alternate(
    {
      berth: () => measure('berth', (...args) => berth(ends.berth, '--split-packages', ...args)),
      peer: () => measure('peer', (...args) => buildx(scene, ends.peer, ...args)),
    },
    RUNS,
  );
  const commands = {
    berth: './berth build --split-packages -t bench-bumped .',
    peer: 'docker buildx build -t bench-bumped .',
  };
  const settings = `requests has a version that was not built before, beside ${PACKAGES.join(', ')}; all from the package index`;
  const times = { name: 'one requirement changed, rebuild', unit: 'ms', ...taken, commands, settings, load } as const;
  if (registry === undefined) return [times];
  return [
    times,
    {
      name: 'one requirement changed, pushed afterwards',
      unit: 'MB',
      // Everything goes there the first time.
      berth: pushed.berth.slice(1),
      peer: pushed.peer.slice(1),
      commands: { berth: 'docker push', peer: 'docker push' },
      settings: `${settings}; what the registry, which has the image from before, holds more afterwards`,
      load,
    },
  ];
}
