import { randomFillSync } from 'node:crypto';
import { mkdir, open, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { InternalError } from '#lib/errors.ts';
import { run } from '#lib/run.ts';
import { type End, type Ends, IMAGE } from './ends.ts';
import { type Comparison, alternate } from './measure.ts';
import { processesWith } from './memory.ts';
import { watchPeak } from './peak.ts';

const SIDE_BY_SIDE = 50;
const LARGE_BYTES = 2_000_000_000;
const EXPORTED_BYTES = 400_000_000;
const CHUNK_BYTES = 8 * 1024 * 1024;

interface Scene {
  ends: Ends;
  /** Environment in which the docker client has buildx. */
  config: string;
}

/** What an engine holds at most while it does something; our client for both, where it can. */
type Load = (scene: Scene, end: End) => Promise<void>;

/**
 * The most memory of the engine's own processes, in MB: what they hold themselves and, where programs are mapped, those as well. Measured in engines
 * that have built before, as they are after a day's work.
 */
export async function memoryOfBuilds(scene: Scene, folder: string): Promise<Comparison[]> {
  const loads: readonly [title: string, load: Load, commands: string][] = [
    [`${SIDE_BY_SIDE} builds at the same time`, await sideBySide(folder), 'build -t bench-N ., each with a RUN and a COPY of its own'],
    ['a context with a file of 2 GB', await largeFile(folder), 'build -t bench-large . (COPY . /files)'],
    ['a cache of 400 MB exported', await cacheExport(folder), 'build --cache-to type=local,dest=cache .'],
  ]; // prettier-ignore
  const results: Comparison[] = [];
  for (const [title, load, commands] of loads) {
    const taken = await alternate(
      { berth: () => peakOf(scene, scene.ends.berth, load), peer: () => peakOf(scene, scene.ends.peer, load) },
      2,
    );
    results.push({
      name: `most memory: ${title}`,
      unit: 'MB',
      ...taken,
      commands: { berth: `docker buildx ${commands}`, peer: `docker buildx ${commands}` },
      settings:
        'VmRSS of the engine (Berth: berthd; Docker: dockerd and containerd), looked at ten times a second; what steps and their supervisors hold is left out',
    });
  }
  return results;
}

async function peakOf(scene: Scene, end: End, load: Load): Promise<number> {
  const { berth } = scene.ends;
  const pids = async (): Promise<readonly number[]> => (end === berth ? [berth.pid] : daemonsOf(scene.ends));
  const { peak } = await watchPeak(pids, () => load(scene, end));
  return peak.resident;
}

/** Not the steps' processes, nor what watches over them. */
async function daemonsOf({ peer }: Ends): Promise<number[]> {
  const { stdout } = await run(['ps', '-eo', 'pid=,comm=']);
  const daemons = new Set(
    stdout
      .split('\n')
      .map((line) => line.trim().split(/\s+/))
      .filter(([, name = '']) => name === 'dockerd' || name === 'containerd')
      .map(([pid]) => Number(pid)),
  );
  const found = (await processesWith(peer.mark)).filter((pid) => daemons.has(pid));
  if (found.length === 0) throw new InternalError('the processes of the peer were not found');
  return found;
}

async function build({ config }: Scene, end: End, ...args: string[]): Promise<void> {
  const env = { PATH: process.env['PATH'] ?? '', HOME: '/nonexistent', DOCKER_CONFIG: config, DOCKER_HOST: end.host };
  await run(['docker', 'buildx', 'build', ...args], { env });
}

let turns = 0;

async function sideBySide(folder: string): Promise<Load> {
  const context = join(folder, 'side-by-side');
  await mkdir(context);
  const lines = [`FROM ${IMAGE}`, 'ARG TURN', 'RUN echo $TURN > /turn && sleep 2', 'COPY file /file'];
  await writeFile(join(context, 'Dockerfile'), `${lines.join('\n')}\n`);
  await writeFile(join(context, 'file'), 'x'.repeat(100_000));
  return async (scene, end) => {
    const turn = turns++;
    const all = Array.from({ length: SIDE_BY_SIDE }, (_, index) =>
      build(scene, end, '--build-arg', `TURN=${turn}-${index}`, '-t', `bench-${index}`, context),
    );
    await Promise.all(all);
  };
}

async function largeFile(folder: string): Promise<Load> {
  const context = join(folder, 'large');
  await mkdir(context);
  await writeFile(join(context, 'Dockerfile'), `FROM ${IMAGE}\nCOPY . /files\n`);
  const path = join(context, 'weights');
  await writeNoise(path, LARGE_BYTES);
  return async (scene, end) => {
    await using file = await open(path, 'r+');
    await file.write(`${turns++}`.padEnd(16)); // another content than the last time
    await build(scene, end, '-t', 'bench-large', context);
    await end.docker('rmi', 'bench-large');
  };
}

async function cacheExport(folder: string): Promise<Load> {
  const context = join(folder, 'exported');
  await mkdir(context);
  await writeFile(join(context, 'Dockerfile'), `FROM ${IMAGE}\nCOPY . /files\n`);
  await writeNoise(join(context, 'half'), EXPORTED_BYTES);
  return async (scene, end) => {
    await using file = await open(join(context, 'half'), 'r+');
    await file.write(`${turns++}`.padEnd(16));
    const dest = join(folder, `cache-${turns}`);
    // Docker's own store exports no cache but into the image.
    const cache = end === scene.ends.peer ? 'type=inline' : `type=local,dest=${dest}`;
    await build(scene, end, '-t', 'bench-exported', '--cache-to', cache, context);
    await end.docker('rmi', 'bench-exported');
    await rm(dest, { recursive: true, force: true });
  };
}

/** Half noise, half text: it can be compressed, and takes its time. */
async function writeNoise(path: string, bytes: number): Promise<void> {
  await using file = await open(path, 'w');
  const chunk = Buffer.alloc(CHUNK_BYTES, 'a line of text that comes again\n');
  for (let at = 0; at < bytes; at += chunk.length) {
    for (let page = 0; page < chunk.length; page += 65_536) randomFillSync(chunk, page, 32_768);
    await file.write(chunk, 0, Math.min(chunk.length, bytes - at));
  }
}
