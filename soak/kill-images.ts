import { mkdtempDisposable, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { busyboxTar } from '../test/support/base-image.ts';
import { type CommandResult, type TestEngine, startEngine } from '../test/support/engine.ts';
import { fsckProblems } from '../test/support/fsck.ts';
import { type ImageArchive, makeImageArchive } from '../test/support/image-archive.ts';
import { imageProblems } from '../test/support/image-tree.ts';
import { leftInEmptyStore } from '../test/support/empty-store.ts';
import { addProblems, type FaultOptions, type FaultReport, pick, seeded } from './support.ts';

const WORKS = ['load', 'load', 'load', 'save', 'tag', 'rmi', 'rmi', 'prune', 'import', 'commit', 'build'] as const;
type Work = (typeof WORKS)[number];

/** Rounds after which everything is removed, to see that nothing stays. */
const EMPTIED_EVERY = 5;

interface Scene {
  engine: TestEngine;
  folder: string;
  archives: readonly ImageArchive[];
  random: () => number;
  report: FaultReport;
  /** How long each kind of work takes when nobody disturbs it, milliseconds. */
  durations: Map<Work, number>;
}

/**
 * Kills the engine with SIGKILL at random moments of what images go through. After each restart every image that is listed must be
 * whole, what was there and not being worked on must be there, and once all is removed nothing may be left on the disk.
 */
export async function killImages(options: FaultOptions): Promise<FaultReport> {
  const { seed, rounds, onRound } = options;
  const report: FaultReport = { rounds, problems: [], counts: { killedInTheMiddle: 0, finishedBefore: 0 } };
  await using folder = await mkdtempDisposable(join(tmpdir(), 'soak-images-'));
  await using engine = await startEngine();
  const archives = await makeArchives(folder.path, seed);
  const scene: Scene = { engine, folder: folder.path, archives, random: seeded(seed), report, durations: new Map() };
  for (let round = 0; round < rounds; round++) {
    onRound?.(round);
    const problems = await killOnce(scene, round);
    if (round % EMPTIED_EVERY === EMPTIED_EVERY - 1 || round === rounds - 1) problems.push(...(await empty(scene)));
    const found = problems.map((problem) => `round ${round}: ${problem}`);
    addProblems(report, found, options);
  }
  return report;
}

/** Two revisions of one image, which share most of their bytes, and another one. */
async function makeArchives(folder: string, seed: number): Promise<ImageArchive[]> {
  const layers = [20_000_000, 1_000_000, 60_000_000];
  return [
    await makeImageArchive(folder, { name: 'first:1', seed, layers }),
    await makeImageArchive(folder, { name: 'first:2', seed, layers, revision: 2 }),
    await makeImageArchive(folder, { name: 'other:1', seed: seed + 1, layers: [40_000_000] }),
  ];
}

async function killOnce(scene: Scene, round: number): Promise<string[]> {
  const { engine, random, report, durations } = scene;
  const work = pick(random, WORKS);
  const prepared = await prepare(scene, work);
  const before = await listedNames(engine);
  const began = performance.now();
  const running = PERFORM[work]({ engine, folder: scene.folder, round, ...prepared });
  // The first of its kind is timed, so that later ones are killed anywhere between beginning and end.
  const moment = durations.has(work) ? random() * 1.05 * (durations.get(work) ?? 0) : random() * 300;
  const result = await Promise.race([running, sleep(moment, undefined)]);
  const took = performance.now() - began;
  if (result !== undefined) durations.set(work, Math.max(took, durations.get(work) ?? 0));
  else durations.set(work, Math.max(moment * 1.5, durations.get(work) ?? 0));
  report.counts[result === undefined ? 'killedInTheMiddle' : 'finishedBefore']! += 1;
  report.counts[work] = (report.counts[work] ?? 0) + 1;
  await engine.kill('SIGKILL');
  await running;
  await engine.start();
  const problems = [...(result === undefined ? [] : refused(result)), ...(await examine(scene))];
  const after = await listedNames(engine);
  if (work !== 'rmi' && work !== 'prune')
    for (const name of before) if (!after.includes(name) && !isMoved(name)) problems.push(`${name} was listed and is gone`); // prettier-ignore
  return problems.map((problem) => `${work} at ${Math.round(moment)} ms: ${problem}`);
}

/** A name that a load or a build moves to a new image. */
function isMoved(name: string): boolean {
  return name.startsWith('<none>');
}

function refused({ code, stdout, stderr }: CommandResult): string[] {
  return code === 0 || /No such image|No such container|in use|conflict/i.test(stderr) ? [] : [`failed: ${stdout}${stderr}`]; // prettier-ignore
}

interface Prepared {
  archive: ImageArchive;
  container: string;
}

/** What the work needs to be there. */
async function prepare({ engine, archives, random }: Scene, work: Work): Promise<Prepared> {
  const archive = pick(random, archives);
  if (work === 'load' || work === 'import') return { archive, container: '' };
  await must(engine.docker('load', '-i', archive.path));
  if (work !== 'commit') return { archive, container: '' };
  const script = 'head -c 8000000 /dev/urandom >/new; rm -r /l0/d1; echo changed >/l0/d2/f2';
  const ran = await must(engine.docker('run', '-d', '--network', 'none', archive.name, 'sh', '-c', script));
  const container = ran.stdout.trim();
  await must(engine.docker('wait', container));
  return { archive, container };
}

interface Doing extends Prepared {
  engine: TestEngine;
  folder: string;
  round: number;
}

const PERFORM: Readonly<Record<Work, (doing: Doing) => Promise<CommandResult>>> = {
  load: ({ engine, archive }) => engine.docker('load', '-q', '-i', archive.path),
  save: ({ engine, archive, folder }) => engine.docker('save', '-o', join(folder, 'saved.tar'), archive.name),
  tag: ({ engine, archive, round }) => engine.docker('tag', archive.name, `tagged:${round}`),
  rmi: ({ engine, archive }) => engine.docker('rmi', '-f', archive.name),
  prune: ({ engine }) => engine.docker('system', 'prune', '-af'),
  import: async ({ engine, round }) => engine.docker('import', await busyboxTar(), `imported:${round}`),
  commit: ({ engine, container, round }) => engine.docker('commit', container, `committed:${round}`),
  async build({ engine, archive, folder, round }) {
    const steps = `COPY Dockerfile /d\nRUN head -c 5000000 /dev/urandom > /r\nRUN rm -r /l0/d1 && echo ${round} > /e\n`;
    await writeFile(join(folder, 'Dockerfile'), `FROM ${archive.name}\n${steps}`);
    await writeFile(join(folder, '.dockerignore'), '*.tar\n');
    return engine.docker('build', '-q', '-t', `built:${round}`, folder);
  },
};

async function listedNames(engine: TestEngine): Promise<string[]> {
  const { stdout } = await must(engine.docker('images', '--format', '{{.Repository}}:{{.Tag}}'));
  return stdout.split('\n').filter(Boolean);
}

/** What is wrong after a restart. */
async function examine({ engine, archives, random, report }: Scene): Promise<string[]> {
  const problems: string[] = [];
  const names = await listedNames(engine);
  const sample = pick(random, names);
  for (const name of names) {
    const made = archives.find((archive) => archive.name === name);
    if (made !== undefined && (name === sample || random() < 0.3)) {
      report.counts['compared'] = (report.counts['compared'] ?? 0) + 1;
      problems.push(...(await imageProblems(engine, name, made.tree)).map((problem) => `${name}: ${problem}`));
    } else if (!name.startsWith('<none>')) {
      const { code, stderr } = await engine.docker('run', '--rm', '--network', 'none', name, '/bin/busybox', 'true');
      if (code !== 0) problems.push(`${name} is listed and does not run: ${stderr.trim()}`);
    }
  }
  problems.push(...(await (random() < 0.3 ? fsckProblems(engine) : fsckProblems(engine, '--fast'))));
  return problems;
}

/** Removes all there is in the way a person would. @returns what is still on the disk then */
async function empty({ engine, report }: Scene): Promise<string[]> {
  const containers = (await must(engine.docker('ps', '-aq'))).stdout.split('\n').filter(Boolean);
  if (containers.length > 0) await must(engine.docker('rm', '-f', ...containers));
  const images = [...new Set((await must(engine.docker('images', '-aq'))).stdout.split('\n').filter(Boolean))];
  if (images.length > 0) await must(engine.docker('rmi', '-f', ...images));
  await must(engine.docker('system', 'prune', '-af'));
  report.counts['emptied'] = (report.counts['emptied'] ?? 0) + 1;
  const left = await leftInEmptyStore(engine);
  return left.length === 0 ? [] : [`${left.length} paths are left in an empty store: ${left.slice(0, 8).join(', ')}`];
}

async function must(result: Promise<CommandResult>): Promise<CommandResult> {
  const done = await result;
  if (done.code !== 0) throw new Error(`${done.stdout}${done.stderr}`);
  return done;
}
