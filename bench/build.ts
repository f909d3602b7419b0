import { mkdir, mkdtempDisposable, rm, symlink, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { InternalError } from '#lib/errors.ts';
import { run } from '#lib/run.ts';
import { findBuildx } from '../test/support/buildx.ts';
import { type Comparison, alternate } from './support/measure.ts';
import { type End, type Ends, IMAGE } from './support/ends.ts';
import { memoryOfBuilds } from './support/build-memory.ts';
import { openOtherBuilders, type OtherBuilder } from './support/other-builders.ts';
import { requestBuild, requestClassicBuild } from './support/request-build.ts';

const RUNS = 9;
const LONG_RUNS = 5;
const MANY_FILES = 20_000;
/** How those beside the comparison do it. */
const OTHERS =
  'Docker 20.10 by docker build, buildah by buildah bud --layers and podman run, without what it takes to enter its root';

/** A folder to build, and how its clients are called. */
interface Bench {
  ends: Ends;
  /** Environment in which the docker client has buildx. */
  config: string;
  others: readonly OtherBuilder[];
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
  await using others = await openOtherBuilders(ends.peer.archive);
  const scene: Bench = { ends, config: config.path, others: others.builders };
  const small = await smallContext(folder.path);
  const many = await largeContext(folder.path);
  return [
    ...(await unchanged(scene, { context: small, title: 'small context' })),
    ...(await requests(scene, small)),
    ...(await unchanged(scene, { context: many, title: `${MANY_FILES} files` })),
    await touched(scene, many),
    await manyCold(scene, folder.path),
    await runAfter(scene, folder.path),
    ...(await memoryOfBuilds(scene, folder.path)),
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
  const settings = `nothing changed since the last build, ${title}, page cache warm; ${OTHERS}`;
  const tag = ['-t', 'bench-build'];
  const theirs = 'docker buildx build -t bench-build .';
  const own = await alternate(
    {
      berth: () => berth(ends.berth, ...tag, context),
      peer: () => buildx(scene, ends.peer, ...tag, context),
      others: othersDo(scene, (other) => other.build('bench-build', context)),
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

function othersDo(
  { others }: Bench,
  work: (other: OtherBuilder) => Promise<number>,
): Readonly<Record<string, () => Promise<number>>> {
  return Object.fromEntries(others.map((other) => [other.name, () => work(other)]));
}

/** Without a client: from sending the request to the last byte of the answer. */
async function requests({ ends }: Bench, context: string): Promise<Comparison[]> {
  const settings = 'nothing changed since the last build, small context; from sending to the last byte of the answer';
  const classic = (end: End) => () => requestClassicBuild(end.host, 'bench-build', context);
  const own = { berth: () => requestBuild(ends.berth.host, 'bench-build', context), peer: classic(ends.peer) };
  const same = { berth: classic(ends.berth), peer: classic(ends.peer) };
  const theirs = 'POST /build?t=bench-build, the context as a tar';
  return [
    {
      name: 'nothing changed, small context, engine alone',
      unit: 'ms',
      ...(await alternate(own, RUNS)),
      commands: { berth: 'POST /berth/build, the context by its path', peer: theirs },
      settings,
    },
    {
      name: 'nothing changed, small context, engine alone, classic request',
      unit: 'ms',
      ...(await alternate(same, RUNS)),
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
      others: othersDo(scene, async (other) => {
        await touch();
        return other.build('bench-build', context);
      }),
    },
    LONG_RUNS,
  );
  return {
    name: 'all times touched, nothing else',
    unit: 'ms',
    ...taken,
    commands: { berth: './berth build -t bench-build .', peer: 'docker buildx build -t bench-build .' },
    settings: `${MANY_FILES} files got another time right before; ${OTHERS}`,
  };
}

const COLD_FILES = 5000;

/** Many small files that no build has seen are copied. */
async function manyCold(scene: Bench, folder: string): Promise<Comparison> {
  const { ends } = scene;
  let turn = 0;
  const fresh = async (work: (context: string) => Promise<number | void>): Promise<number> => {
    const context = join(folder, `cold-${turn++}`);
    await mkdir(context);
    for (let index = 0; index < COLD_FILES; index++)
      await writeFile(join(context, `${index}.txt`), `${turn} ${index}\n`.repeat(60));
    await writeFile(join(context, 'Dockerfile'), `FROM ${IMAGE}\nCOPY . /files\n`);
    await sleep(100);
    const start = performance.now();
    const own = await work(context);
    const taken = performance.now() - start;
    await rm(context, { recursive: true });
    return own ?? taken;
  };
  const taken = await alternate(
    {
      berth: () => fresh((context) => berth(ends.berth, '-t', 'bench-cold', context)),
      peer: () => fresh((context) => buildx(scene, ends.peer, '-t', 'bench-cold', context)),
      others: othersDo(scene, (other) => fresh((context) => other.build('bench-cold', context))),
    },
    LONG_RUNS,
  );
  return {
    name: `COPY of ${COLD_FILES} new files`,
    unit: 'ms',
    ...taken,
    commands: { berth: './berth build -t bench-cold .', peer: 'docker buildx build -t bench-cold .' },
    settings: `files of half a kilobyte that were written right before, page cache warm; ${OTHERS}`,
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
    await end.docker('rmi', 'bench-gigabyte');
    return taken - stepTook(stdout);
  };
  const other = async (builder: OtherBuilder): Promise<number> => {
    turn += 1;
    const built = await builder.build('bench-gigabyte', context, ['--build-arg', `TURN=${turn}`]);
    const { taken, stdout } = await builder.run('bench-gigabyte', 'cat', '/began', '/ended');
    await builder.remove('bench-gigabyte');
    return built + taken - stepTook(stdout);
  };
  const taken = await alternate(
    {
      berth: () => measure(ends.berth, (...args) => berth(ends.berth, ...args)),
      peer: () => measure(ends.peer, (...args) => buildx(scene, ends.peer, ...args)),
      others: othersDo(scene, other),
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
    settings: `the step writes 1 GB of random bytes, what it takes itself is taken off; ${OTHERS}`,
  };
}

/** @returns milliseconds between the two times, nanoseconds since epoch, that the step wrote */
function stepTook(times: string): number {
  const [began = 0, ended = 0] = times.trim().split('\n').map(Number);
  return (ended - began) / 1e6;
}
