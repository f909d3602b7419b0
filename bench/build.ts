import { mkdir, mkdtempDisposable, symlink, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { InternalError } from '#lib/errors.ts';
import { run } from '#lib/run.ts';
import { findBuildx } from '../test/support/buildx.ts';
import { type Comparison, alternate } from './support/measure.ts';
import { type End, type Ends, IMAGE } from './support/ends.ts';

const RUNS = 9;
const LONG_RUNS = 5;
const MANY_FILES = 20_000;

/** A folder to build, and how its clients are called. */
interface Bench {
  ends: Ends;
  /** Environment in which the docker client has buildx. */
  config: string;
}

/**
 * Builds in which little has changed, with our client and with the docker client over BuildKit's protocol, against BuildKit; and what comes right
 * after a build.
 */
export async function bench(ends: Ends): Promise<Comparison[]> {
  const plugin = await findBuildx();
  if (plugin === undefined)
    throw new InternalError('the docker client has no buildx', { hint: 'name the plugin with BERTH_BUILDX' });
  await using config = await mkdtempDisposable(join(tmpdir(), 'bench-buildx-'));
  await mkdir(join(config.path, 'cli-plugins'));
  await symlink(plugin, join(config.path, 'cli-plugins', 'docker-buildx'));
  await using folder = await mkdtempDisposable(join(tmpdir(), 'bench-build-'));
  const scene: Bench = { ends, config: config.path };
  const small = await smallContext(folder.path);
  const many = await largeContext(folder.path);
  return [
    ...(await unchanged(scene, { context: small, title: 'small context' })),
    ...(await unchanged(scene, { context: many, title: `${MANY_FILES} files` })),
    await touched(scene, many),
    await runAfter(scene, folder.path),
  ];
}

async function smallContext(folder: string): Promise<string> {
  const context = join(folder, 'small');
  await mkdir(context);
  const lines = [
    `FROM ${IMAGE}`,
    'WORKDIR /app',
    'COPY requirements.txt .',
    'RUN echo installed > /installed',
    'COPY . .',
  ];
  await writeFile(join(context, 'Dockerfile'), `${lines.join('\n')}\n`);
  await writeFile(join(context, 'requirements.txt'), 'requests==2.32.3\n');
  for (let index = 0; index < 10; index++) await writeFile(join(context, `${index}.py`), `print(${index})\n`);
  return context;
}

async function largeContext(folder: string): Promise<string> {
  const context = join(folder, 'many');
  for (let index = 0; index < MANY_FILES; index++) {
    const place = join(context, `d${index % 100}`);
    if (index < 100) await mkdir(place, { recursive: true });
    await writeFile(join(place, `${index}.txt`), `${index}\n`.repeat(100));
  }
  await writeFile(join(context, 'Dockerfile'), `FROM ${IMAGE}\nCOPY . /files\n`);
  return context;
}

async function buildx({ config }: Bench, end: End, ...args: string[]): Promise<void> {
  const env = { PATH: process.env['PATH'] ?? '', HOME: '/nonexistent', DOCKER_CONFIG: config, DOCKER_HOST: end.host };
  await run(['docker', 'buildx', 'build', ...args], { env });
}

async function berth(end: End, ...args: string[]): Promise<void> {
  const env = { PATH: process.env['PATH'] ?? '', HOME: process.env['HOME'] ?? '/' };
  await run(['./berth', '--host', end.host, 'build', ...args], { env });
}

async function unchanged(scene: Bench, { context, title }: { context: string; title: string }): Promise<Comparison[]> {
  const { ends } = scene;
  const settings = `nothing changed since the last build, ${title}, page cache warm`;
  const tag = ['-t', 'bench-build'];
  const theirs = 'docker buildx build -t bench-build .';
  const own = await alternate(
    {
      berth: () => berth(ends.berth, ...tag, context),
      peer: () => buildx(scene, ends.peer, ...tag, context),
    },
    RUNS,
  );
  const same = await alternate(
    {
      berth: () => buildx(scene, ends.berth, ...tag, context),
      peer: () => buildx(scene, ends.peer, ...tag, context),
    },
    RUNS,
  );
  return [
    {
      name: `nothing changed, ${title}, our client`,
      unit: 'ms',
      ...own,
      commands: { berth: './berth build -t bench-build .', peer: theirs },
      settings,
    },
    {
      name: `nothing changed, ${title}, docker with buildx`,
      unit: 'ms',
      ...same,
      commands: { berth: theirs, peer: theirs },
      settings,
    },
  ];
}

/** All files get another time before each build, and the same content. */
async function touched(scene: Bench, context: string): Promise<Comparison> {
  const { ends } = scene;
  let time = 1_700_000_000;
  const touch = async (): Promise<void> => {
    time += 100;
    for (let index = 0; index < MANY_FILES; index++)
      await utimes(join(context, `d${index % 100}`, `${index}.txt`), time, time);
  };
  const timed = async (work: () => Promise<void>): Promise<number> => {
    await touch();
    const start = performance.now();
    await work();
    return performance.now() - start;
  };
  const taken = await alternate(
    {
      berth: () => timed(() => berth(ends.berth, '-t', 'bench-build', context)),
      peer: () => timed(() => buildx(scene, ends.peer, '-t', 'bench-build', context)),
    },
    LONG_RUNS,
  );
  return {
    name: 'all times touched, nothing else',
    unit: 'ms',
    ...taken,
    commands: { berth: './berth build -t bench-build .', peer: 'docker buildx build -t bench-build .' },
    settings: `${MANY_FILES} files got another time right before`,
  };
}

/** From the beginning of a build whose step writes a gigabyte to the end of a first run; what the step itself takes is taken off. */
async function runAfter(scene: Bench, folder: string): Promise<Comparison> {
  const { ends } = scene;
  const context = join(folder, 'gigabyte');
  await mkdir(context);
  const command = 'head -c 1000000000 /dev/urandom > /gigabyte';
  const lines = [`FROM ${IMAGE}`, 'ARG TURN', `RUN date +%s%N > /began && ${command} && date +%s%N > /ended`];
  await writeFile(join(context, 'Dockerfile'), `${lines.join('\n')}\n`);
  let turn = 0;
  const measure = async (end: End, build: (...args: string[]) => Promise<void>): Promise<number> => {
    turn += 1;
    const start = performance.now();
    await build('--build-arg', `TURN=${turn}`, '-t', 'bench-gigabyte', context);
    const { stdout } = await end.docker(
      'run',
      '--rm',
      '--network',
      'none',
      'bench-gigabyte',
      'cat',
      '/began',
      '/ended',
    );
    const taken = performance.now() - start;
    const [began = 0, ended = 0] = stdout.trim().split('\n').map(Number);
    await end.docker('rmi', 'bench-gigabyte');
    return taken - (ended - began) / 1e6;
  };
  const taken = await alternate(
    {
      berth: () => measure(ends.berth, (...args) => berth(ends.berth, ...args)),
      peer: () => measure(ends.peer, (...args) => buildx(scene, ends.peer, ...args)),
    },
    LONG_RUNS,
  );
  return {
    name: 'run right after a step of 1 GB, without the step',
    unit: 'ms',
    ...taken,
    commands: {
      berth: './berth build -t bench-gigabyte . && docker run --rm bench-gigabyte cat /began /ended',
      peer: 'docker buildx build -t bench-gigabyte . && docker run --rm bench-gigabyte cat /began /ended',
    },
    settings: 'the step writes 1 GB of random bytes; what it takes itself is taken off',
  };
}
