import { mkdtempDisposable, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as sleep } from 'node:timers/promises';
import { busyboxTar } from '../test/support/base-image.ts';
import { type CommandResult, type TestEngine, startEngine } from '../test/support/engine.ts';
import { fsckProblems } from '../test/support/fsck.ts';
import { type ImageArchive, makeImageArchive, type Tree } from '../test/support/image-archive.ts';
import { imageProblems, imageTree } from '../test/support/image-tree.ts';
import { loadArchive } from '../test/support/load-archive.ts';
import { removeLeftovers } from '../test/support/leftovers.ts';
import { openPowerDisk, type PowerDisk } from '../test/support/power-disk.ts';
import { addProblems, type FaultOptions, type FaultReport, pick, seeded } from './support.ts';

const DISK_MEGABYTES = 1800;
const WORKS = ['load', 'load', 'load', 'load', 'load', 'build', 'commit', 'tag', 'import', 'rmi'] as const;
type Work = (typeof WORKS)[number];
const IN_THE_MIDDLE = 0.15;

interface Scene {
  disk: PowerDisk;
  engine: TestEngine;
  folder: string;
  archives: readonly ImageArchive[];
  random: () => number;
  report: FaultReport;
  /** What containers of each image see; filled in when an image is reported as done. */
  trees: Map<string, Tree>;
}

/**
 * Cuts the power some time after a command reported success, again and again: the disk is put back to what it had at that moment, and an
 * engine is started on it. Every image that is listed then, at once and later, must be whole; one that is absent is counted.
 */
export async function cutPower(options: FaultOptions): Promise<FaultReport> {
  return cutPowerOn('loop', options);
}

/**
 * The same on an ext4 that does not order content before names (data=writeback). With the default order, a record of success takes the
 * content before it to the disk; here names and records arrive long before, and what is promised rests on the engine alone.
 */
export async function cutPowerUnordered(options: FaultOptions): Promise<FaultReport> {
  return cutPowerOn('loop,data=writeback', options);
}

async function cutPowerOn(mountOptions: string, options: FaultOptions): Promise<FaultReport> {
  const { seed, rounds, onRound } = options;
  const counts = { cuts: 0, inTheMiddle: 0, layersSettling: 0, listedButBroken: 0, absentAfterLoad: 0, absentOthers: 0, tagsLost: 0, removedIsBack: 0, compared: 0, filesCompared: 0, healed: 0 }; // prettier-ignore
  const report: FaultReport = { rounds, problems: [], counts };
  await using folder = await mkdtempDisposable(join(tmpdir(), 'soak-power-'));
  await using disk = await openPowerDisk(DISK_MEGABYTES, { options: mountOptions });
  await using engine = await startEngine({ root: disk.path });
  const archives = await makeArchives(folder.path, seed);
  const random = seeded(seed);
  const scene: Scene = { disk, engine, folder: folder.path, archives, random, report, trees: new Map() };
  for (let round = 0; round < rounds; round++) {
    onRound?.(round);
    const problems = await cutOnce(scene, round);
    const found = problems.map((problem) => `round ${round}: ${problem}`);
    addProblems(report, found, options);
  }
  return report;
}

async function makeArchives(folder: string, seed: number): Promise<ImageArchive[]> {
  const layers = [30_000_000, 1_000_000, 90_000_000];
  return [
    await makeImageArchive(folder, { name: 'first:1', seed, layers }),
    await makeImageArchive(folder, { name: 'first:2', seed, layers, revision: 2 }),
    await makeImageArchive(folder, { name: 'other:1', seed: seed + 1, layers: [60_000_000] }),
  ];
}

async function cutOnce(scene: Scene, round: number): Promise<string[]> {
  const { disk, engine, random, report, trees } = scene;
  const { counts } = report;
  const work = pick(random, WORKS);
  const archive = pick(random, scene.archives);
  await makeRoom(scene, round);
  await prepare(scene, work, archive);
  while (settlingLayers(engine) > 0) await sleep(20);
  const before = await listedNames(engine);
  const running = perform(scene, work, { archive, round });
  // Now and then in the middle: then there is no promise, but still nothing broken may be listed.
  if (random() >= IN_THE_MIDDLE) await running;
  else if ((await Promise.race([sleep(random() * 500, 'early'), running])) === 'early') counts['inTheMiddle']! += 1;
  const delayMs = delayOf(random);
  if (delayMs > 0) await sleep(delayMs);
  disk.cut();
  const name = await running;
  // The engine that lives on, beside the copy, says what there was.
  const after = await listedNames(engine);
  if (name !== undefined && !trees.has(name)) trees.set(name, await expectedTree(scene, work, { name, archive }));
  await losePower(scene);
  counts['cuts']! += 1;
  counts[work] = (counts[work] ?? 0) + 1;
  const problems = await examine(scene);
  const back = await listedNames(engine);
  for (const lost of after.filter((listed) => !back.includes(listed))) {
    const kind = work === 'load' && lost === archive.name ? 'absentAfterLoad' : work === 'tag' ? 'tagsLost' : 'absentOthers'; // prettier-ignore
    counts[kind]! += 1;
    // What was there before this round has had its time.
    if (before.includes(lost) && lost !== name) problems.push(`${lost} is gone though it was not touched`);
  }
  if (work === 'rmi' && back.includes(archive.name)) counts['removedIsBack']! += 1;
  problems.push(...(await heal(scene, archive)));
  return problems.map((problem) => `${work}, cut after ${delayMs} ms: ${problem}`);
}

/** Mostly short ones: what has settled is not what breaks. */
function delayOf(random: () => number): number {
  const kind = random();
  const longest = kind < 0.3 ? 0 : kind < 0.5 ? 100 : kind < 0.8 ? 2000 : kind < 0.95 ? 10_000 : 40_000;
  return Math.round(random() * longest);
}

/** The engine and all it has in memory are gone; what the disk had is mounted again. */
async function losePower({ disk, engine, report }: Scene): Promise<void> {
  await engine.kill('SIGKILL');
  await removeLeftovers({ root: disk.path, id: engine.id });
  await disk.revive();
  report.counts['layersSettling']! += settlingLayers(engine);
  await engine.start();
}

/** Layers, and trees of builds, of which success was reported and that were not known to be on the disk when the power went. */
function settlingLayers({ dataRoot }: TestEngine): number {
  using database = new DatabaseSync(join(dataRoot, 'engine.db'));
  const count = (what: string): number => Number(database.prepare(`SELECT count(*) AS n FROM ${what}`).get()?.['n']);
  return count("layers WHERE state = 'settling'") + count('snapshots WHERE witness IS NOT NULL');
}

/** Every listed image is read in full, first as the engine lists it at once, then when it has proven what it found. */
async function examine(scene: Scene): Promise<string[]> {
  const { engine, report } = scene;
  const problems = await compareListed(scene);
  problems.push(...(await fsckProblems(engine)));
  problems.push(...(await compareListed(scene)));
  report.counts['listedButBroken']! += problems.length;
  return problems;
}

async function compareListed({ engine, report, trees }: Scene): Promise<string[]> {
  const problems: string[] = [];
  for (const name of await listedNames(engine)) {
    const expected = trees.get(name);
    if (expected === undefined) {
      problems.push(`${name} is listed and was never made`);
      continue;
    }
    report.counts['compared']! += 1;
    report.counts['filesCompared']! += expected.size;
    problems.push(...(await imageProblems(engine, name, expected)).map((problem) => `${name}: ${problem}`));
  }
  return problems;
}

/** The same image again: whatever the cut has damaged is whole after that. */
async function heal({ engine, random, report }: Scene, archive: ImageArchive): Promise<string[]> {
  if (random() > 0.4) return [];
  await must(engine.docker('load', '-q', '-i', archive.path));
  const { code, stderr } = await engine.docker(
    'run',
    '--rm',
    '--network',
    'none',
    archive.name,
    '/bin/busybox',
    'true',
  );
  if (code !== 0) return [`${archive.name} was loaded again and does not run: ${stderr}`];
  report.counts['healed']! += 1;
  return (await imageProblems(engine, archive.name, archive.tree)).map((problem) => `loaded again: ${problem}`);
}

/** Now and then everything goes, so that layers come anew. */
async function makeRoom({ engine, random }: Scene, round: number): Promise<void> {
  if (round % 4 !== 0 && random() < 0.5) return;
  const images = [...new Set((await must(engine.docker('images', '-aq'))).stdout.split('\n').filter(Boolean))];
  if (images.length > 0) await must(engine.docker('rmi', '-f', ...images));
  await must(engine.docker('system', 'prune', '-af'));
}

/** What the work needs. */
async function prepare({ engine, trees }: Scene, work: Work, archive: ImageArchive): Promise<void> {
  if (work === 'load' || work === 'import') return;
  await must(engine.docker('load', '-q', '-i', archive.path));
  trees.set(archive.name, archive.tree);
}

interface Doing {
  archive: ImageArchive;
  round: number;
}

/** @returns the name that the image has, once the command reported success; undefined where none came */
async function perform({ engine, folder }: Scene, work: Work, { archive, round }: Doing): Promise<string | undefined> {
  switch (work) {
    case 'load':
      await loadArchive(engine, archive);
      return archive.name;
    case 'tag':
      await must(engine.docker('tag', archive.name, `tagged:${round}`));
      return `tagged:${round}`;
    case 'import':
      await must(engine.docker('import', await busyboxTar(), `imported:${round}`));
      return `imported:${round}`;
    case 'rmi':
      await must(engine.docker('rmi', archive.name));
      return undefined;
    default:
      return makeNew({ engine, folder }, work, { archive, round });
  }
}

async function makeNew(
  { engine, folder }: Pick<Scene, 'engine' | 'folder'>,
  work: 'build' | 'commit',
  { archive, round }: Doing,
): Promise<string> {
  const name = `${work}:${round}`;
  const script = 'head -c 30000000 /dev/urandom >/new; rm -r /l0/d1; echo changed >/l0/d2/f2';
  if (work === 'commit') {
    await must(engine.docker('run', '--name', 'source', '--network', 'none', archive.name, 'sh', '-c', script));
    await must(engine.docker('commit', 'source', name));
    await must(engine.docker('rm', 'source'));
    return name;
  }
  await writeFile(join(folder, 'Dockerfile'), `FROM ${archive.name}\nCOPY Dockerfile /d\nRUN ${script}\nRUN echo ${round} >/r\n`); // prettier-ignore
  await writeFile(join(folder, '.dockerignore'), '*.tar\n');
  await must(engine.docker('build', '-q', '--network', 'none', '-t', name, folder));
  return name;
}

/** What the new image must hold: known for a loaded one; of others, what the engine that made it shows. */
async function expectedTree(
  { engine, trees }: Scene,
  work: Work,
  { name, archive }: { name: string; archive: ImageArchive },
): Promise<Tree> {
  if (work === 'load') return archive.tree;
  if (work === 'tag') return trees.get(archive.name) ?? archive.tree;
  return imageTree(engine, name);
}

async function listedNames(engine: TestEngine): Promise<string[]> {
  const { stdout } = await must(engine.docker('images', '--format', '{{.Repository}}:{{.Tag}}'));
  return stdout.split('\n').filter((line) => line !== '' && !line.startsWith('<none>'));
}

async function must(result: Promise<CommandResult>): Promise<CommandResult> {
  const done = await result;
  if (done.code !== 0) throw new Error(`${done.stdout}${done.stderr}`);
  return done;
}
