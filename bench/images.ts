import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { open, writeFile } from 'node:fs/promises';
import { loadavg } from 'node:os';
import { InternalError } from '#lib/errors.ts';
import { run } from '#lib/run.ts';
import { type FreshDisk, openFreshDisk } from './support/fresh-disk.ts';
import { type EngineName, type ImageEngine, findPeerProgram, startImageEngine } from './support/image-engines.ts';
import type { OperationName } from './support/image-operations.ts';
import { type ImageSample, estimateSeconds, readResults, recordSamples, showTable } from './support/image-results.ts';
import { type MlImages, makeMlImages } from './support/ml-images.ts';
import { watchPeak } from './support/peak.ts';

/** What one run of the benchmark is to do. */
export interface ImageBenchOptions {
  /** Operations; all if empty. */
  only: readonly string[];
  /** The figures join those of earlier runs of the same programs, instead of taking their place. */
  add: boolean;
  /** Turns of each engine. */
  rounds: ReadonlyMap<EngineName, number>;
}

interface Session {
  engine: ImageEngine;
  images: MlImages;
  wants: (operation: OperationName) => boolean;
  add: (operation: OperationName, value: number) => void;
}

const COLD_IMPORTS = 3;
const IMPORT_TORCH =
  'import time; start = time.perf_counter(); import torch; print((time.perf_counter() - start) * 1000)';

/** Operations whose figures vary little, or that cost much: the first turn of an engine measures them, the others do not. */
const ONCE: readonly OperationName[] = ['second', 'disk-two', 'rmi-second', 'cold-import', 'reload', 'load-curl'];

/**
 * Load, save, import and removal of an ML image of 3.4 GB, against several engines in turns. Each turn has a file system of its own.
 * Writes bench/results/images.json; figures of operations and engines that did not take part stay as they were.
 */
export async function benchImages(options: ImageBenchOptions): Promise<number> {
  const peer = await findPeerProgram();
  if (peer === undefined) {
    console.error('no peer to compare with (set BERTH_PEER)');
    return 1;
  }
  const images = await makeMlImages(peer);
  console.error(`about ${Math.ceil((await estimateSeconds(options.rounds)) / 60)} minutes`);
  const base = options.add ? await readResults() : undefined;
  const samples: ImageSample[] = [];
  const turns = Math.max(...options.rounds.values());
  for (let turn = 0; turn < turns; turn++) {
    // Every other turn in the opposite order, so that no engine always meets what another left behind.
    const names = [...options.rounds.keys()].filter((name) => turn < (options.rounds.get(name) ?? 0));
    for (const name of turn % 2 === 0 ? names : names.toReversed()) {
      const wants = (operation: OperationName): boolean =>
        (options.only.length === 0 || options.only.includes(operation)) && (turn === 0 || !ONCE.includes(operation));
      samples.push(...(await takeTurn(name, { peer, images, wants })));
      await recordSamples(samples, base);
    }
  }
  console.log(await showTable());
  return 0;
}

async function takeTurn(
  name: EngineName,
  { peer, images, wants }: { peer: string } & Pick<Session, 'images' | 'wants'>,
): Promise<ImageSample[]> {
  const samples: ImageSample[] = [];
  const start = performance.now();
  const load = loadavg()[0] ?? 0;
  let version = '';
  const onFreshDisk = async (work: (session: Session) => Promise<void>): Promise<void> => {
    await using disk: FreshDisk = await openFreshDisk();
    await using engine = await startImageEngine(name, disk.path, peer);
    version = engine.version;
    const add = (operation: OperationName, value: number): void => {
      console.error(`${name}: ${operation} ${value.toFixed(0)}`);
      samples.push({ operation, engine: name, version, value, load });
    };
    await work({ engine, images, wants, add });
  };
  const inLoaded: OperationName[] = ['load', 'first-run', 'save', 'second', 'disk-two', 'cold-import', 'rmi', 'reload'];
  if (inLoaded.some(wants)) await onFreshDisk(measureLoaded);
  if (wants('import')) await onFreshDisk(measureImport);
  if (wants('load-curl')) await onFreshDisk(measureCurl);
  for (const sample of samples) sample.turnSeconds = (performance.now() - start) / 1000;
  return samples;
}

async function measureLoaded(session: Session): Promise<void> {
  const { engine, images, wants, add } = session;
  const { reference, archive } = images.first;
  await warm(archive);
  const { result, peak } = await watchPeak(
    () => engine.pids(),
    () => time(engine, ['load', '-i', archive]),
  );
  add('load', result);
  add('peak-own', peak.own);
  add('peak-resident', peak.resident);
  await run(['sync']);
  const runTrue = ['run', '--rm', reference, 'true'];
  if (wants('first-run')) add('first-run', await time(engine, runTrue));
  if (wants('save')) add('save', await time(engine, ['save', reference]));
  if (wants('second') || wants('disk-two')) await measureSecond(session);
  if (wants('cold-import')) await measureColdImports(session);
  await run(['sync']);
  add('rmi', await time(engine, ['rmi', reference]));
  if (!wants('reload')) return;
  await warm(archive);
  add('reload', await time(engine, ['load', '-i', archive]));
}

async function measureSecond({ engine, images, add }: Session): Promise<void> {
  const { reference, archive } = images.second;
  await warm(archive);
  add('second', await time(engine, ['load', '-i', archive]));
  await run(['sync']);
  const { stdout } = await run(['du', '-sx', '--block-size=1', engine.dataRoot]);
  add('disk-two', Number.parseInt(stdout, 10) / 1e6);
  add('rmi-second', await time(engine, ['rmi', reference]));
}

async function measureColdImports({ engine, images, add }: Session): Promise<void> {
  for (let turn = 0; turn < COLD_IMPORTS; turn++) {
    await run(['sync']);
    await writeFile('/proc/sys/vm/drop_caches', '3');
    const words = [
      'docker',
      'run',
      '--rm',
      '--network',
      'none',
      images.first.reference,
      'python3',
      '-c',
      IMPORT_TORCH,
    ] as const;
    const { stdout } = await run(words, { env: environment(engine) });
    add('cold-import', Number(stdout));
  }
}

async function measureImport({ engine, images, add }: Session): Promise<void> {
  await warm(images.first.layer);
  add('import', await time(engine, ['import', images.first.layer, 'bench/imported:first']));
}

async function measureCurl({ engine, images, add }: Session): Promise<void> {
  await warm(images.first.archive);
  const target = ['--unix-socket', engine.socket, 'http://engine/v1.41/images/load?quiet=1'];
  const start = performance.now();
  const headers = ['-H', 'Content-Type: application/x-tar', '-H', 'Expect:'];
  await run(['curl', '-sf', '-X', 'POST', ...headers, '-T', images.first.archive, ...target]);
  add('load-curl', performance.now() - start);
}

/** Reads a file to its end, so that its bytes are in the page cache, and waits until nothing is left to be written. */
async function warm(path: string): Promise<void> {
  await using file = await open(path);
  const buffer = Buffer.allocUnsafe(4 << 20);
  while ((await file.read(buffer)).bytesRead > 0);
  await run(['sync']);
}

/** Milliseconds that the docker client takes; what it writes goes to /dev/null. */
async function time(engine: ImageEngine, words: readonly string[]): Promise<number> {
  await using nowhere = await open('/dev/null', 'w');
  const start = performance.now();
  const child = spawn('docker', words, { env: environment(engine), stdio: ['ignore', nowhere.fd, 'pipe'] });
  const said = Array.fromAsync(child.stderr?.setEncoding('utf8') ?? []);
  const [code] = (await once(child, 'close')) as [number | null];
  const taken = performance.now() - start;
  if (code !== 0) throw new InternalError(`docker ${words.join(' ')} failed: ${(await said).join('').trim()}`);
  return taken;
}

function environment(engine: ImageEngine): Record<string, string> {
  return { PATH: process.env['PATH'] ?? '', HOME: '/nonexistent', DOCKER_HOST: `unix://${engine.socket}` };
}
