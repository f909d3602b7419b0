import { mkdir, mkdtempDisposable, readdir, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { importBusybox } from '../test/support/base-image.ts';
import { leftInEmptyStore } from '../test/support/empty-store.ts';
import { type CommandResult, type TestEngine, startEngine } from '../test/support/engine.ts';
import { fsckProblems } from '../test/support/fsck.ts';
import { addProblems, type FaultOptions, type FaultReport, pick, seeded } from './support.ts';

/** Rounds after which everything is removed, to see that nothing stays. */
const EMPTIED_EVERY = 10;
const FILES = 300;

/** Ways a build is asked for. All of them must come to the same image. */
const WAYS = ['folder', 'classic', 'to-archive', 'no-cache', 'two-at-once'] as const;
type Way = (typeof WAYS)[number];

interface Scene {
  engine: TestEngine;
  /** Archive of the base image. */
  base: string;
  context: string;
  random: () => number;
  report: FaultReport;
  /** How long each way takes when nobody disturbs it, milliseconds. */
  durations: Map<Way, number>;
  /** Digest of the image that an undisturbed engine makes of each variant. */
  expected: Map<number, string>;
}

const VARIANTS = 3;

/**
 * Kills the engine with SIGKILL at random moments of builds. After each restart the same build must come to the image that an engine nobody
 * disturbed makes, nothing of the build that died may be left, and once all is removed nothing may be left on the disk.
 */
export async function killBuilds(options: FaultOptions): Promise<FaultReport> {
  const { seed, rounds, onRound } = options;
  const report: FaultReport = { rounds, problems: [], counts: { killedInTheMiddle: 0, finishedBefore: 0 } };
  await using folder = await mkdtempDisposable(join(tmpdir(), 'soak-builds-'));
  const context = join(folder.path, 'context');
  await writeContext(context);
  const base = join(folder.path, 'base.tar');
  const expected = await expectedDigests(context, base);
  await using engine = await startEngine();
  await must(engine.docker('load', '-i', base));
  const scene: Scene = { engine, base, context, random: seeded(seed), report, durations: new Map(), expected };
  for (let round = 0; round < rounds; round++) {
    onRound?.(round);
    const problems = await killOnce(scene);
    if (round % EMPTIED_EVERY === EMPTIED_EVERY - 1 || round === rounds - 1) problems.push(...(await empty(scene)));
    const found = problems.map((problem) => `round ${round}: ${problem}`);
    addProblems(report, found, options);
  }
  return report;
}

async function writeContext(context: string): Promise<void> {
  await mkdir(join(context, 'files'), { recursive: true });
  for (let index = 0; index < FILES; index++)
    await writeFile(join(context, 'files', `${index}`), `${index}\n`.repeat(index * 5));
  await writeFile(join(context, 'large'), Buffer.alloc(8_000_000, 'large'));
  const lines = [
    'FROM busybox AS made',
    'ARG VARIANT',
    'RUN --mount=type=cache,target=/cache seq 1 200000 > /made && date > /cache/$VARIANT && echo $VARIANT >> /made',
    'FROM busybox AS copied',
    'COPY files /files',
    'RUN rm /files/7 && seq 1 100000 > /files/8',
    'FROM copied',
    'COPY --from=made /made /made',
    'COPY large /large',
    'WORKDIR /work',
    'RUN --mount=type=bind,target=/context seq 1 50000 > here && cp /context/files/9 .',
  ];
  await writeFile(join(context, 'Dockerfile'), `${lines.join('\n')}\n`);
}

/** Keeps the base image too: another import of the same files is another image. */
async function expectedDigests(context: string, base: string): Promise<Map<number, string>> {
  await using engine = await startEngine();
  await importBusybox(engine);
  await must(engine.docker('save', '-o', base, 'busybox'));
  const digests = new Map<number, string>();
  for (let variant = 0; variant < VARIANTS; variant++)
    digests.set(variant, (await must(build({ engine, context }, { way: 'folder', variant }))).stdout.trim());
  return digests;
}

/** @returns the image's id on standard output, of a build that makes an image */
async function build(
  { engine, context }: Pick<Scene, 'engine' | 'context'>,
  { way, variant }: { way: Way; variant: number },
): Promise<CommandResult> {
  const args = ['--build-arg', `VARIANT=${variant}`, '--build-arg', 'SOURCE_DATE_EPOCH=1000000000', '-q'];
  const output = ['--output', 'type=image,rewrite-timestamp=true'];
  const tag = ['-t', `built:${variant}`];
  if (way === 'classic') return engine.docker('build', ...args, ...tag, context);
  if (way === 'to-archive')
    return engine.berth('build', ...args, '--output', `type=oci,dest=${join(context, '..', 'out.tar')}`, context);
  if (way === 'no-cache') return engine.berth('build', ...args, ...output, ...tag, '--no-cache', context);
  const one = engine.berth('build', ...args, ...output, ...tag, context);
  if (way === 'two-at-once') await engine.berth('build', ...args, ...output, context);
  return one;
}

async function killOnce(scene: Scene): Promise<string[]> {
  const { engine, random, report, durations, expected } = scene;
  const way = pick(random, WAYS);
  const variant = Math.floor(random() * VARIANTS);
  if (random() < 0.5) await must(engine.docker('builder', 'prune', '-af'));
  const began = performance.now();
  const running = build(scene, { way, variant });
  const moment = random() * 1.05 * (durations.get(way) ?? 3000);
  const result = await Promise.race([running, sleep(moment, undefined)]);
  if (result !== undefined) durations.set(way, Math.max(performance.now() - began, durations.get(way) ?? 0));
  report.counts[result === undefined ? 'killedInTheMiddle' : 'finishedBefore']! += 1;
  report.counts[way] = (report.counts[way] ?? 0) + 1;
  await engine.kill('SIGKILL');
  await running;
  await engine.start();
  const problems: string[] = [];
  if (result !== undefined && result.code !== 0) problems.push(`failed: ${result.stderr}`);
  problems.push(...(await leftOfBuilds(engine)));
  const again = await build(scene, { way: 'folder', variant });
  if (again.code !== 0) problems.push(`does not build again: ${again.stderr}`);
  else if (again.stdout.trim() !== expected.get(variant))
    problems.push(`variant ${variant} is ${again.stdout.trim()}, not ${expected.get(variant) ?? ''}`);
  problems.push(...(await fsckProblems(engine, ...(random() < 0.3 ? [] : (['--fast'] as const)))));
  return problems.map((problem) => `${way} at ${Math.round(moment)} ms: ${problem}`);
}

/** Folders of builds, which none that died may leave. */
async function leftOfBuilds({ dataRoot, execRoot }: TestEngine): Promise<string[]> {
  const scratch = await readdir(join(dataRoot, 'builder')).catch(() => []);
  const mounts = await readdir(join(execRoot, 'build')).catch(() => []);
  return [...scratch.filter((name) => name.startsWith('build-')), ...mounts].map(
    (name) => `${name} is left of a build`,
  );
}

/** Removes all there is in the way a person would. @returns what is still on the disk then */
async function empty({ engine, base, report }: Scene): Promise<string[]> {
  const images = [...new Set((await must(engine.docker('images', '-aq'))).stdout.split('\n').filter(Boolean))];
  if (images.length > 0) await must(engine.docker('rmi', '-f', ...images));
  await must(engine.docker('builder', 'prune', '-af'));
  await must(engine.docker('system', 'prune', '-af'));
  report.counts['emptied'] = (report.counts['emptied'] ?? 0) + 1;
  const left = await leftInEmptyStore(engine);
  await must(engine.docker('load', '-i', base));
  return left.length === 0 ? [] : [`${left.length} paths are left in an empty store: ${left.slice(0, 8).join(', ')}`];
}

async function must(result: Promise<CommandResult>): Promise<CommandResult> {
  const done = await result;
  if (done.code !== 0) throw new Error(`${done.stdout}${done.stderr}`);
  return done;
}
