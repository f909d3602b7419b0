import { execFile } from 'node:child_process';
import { mkdtempDisposable, rm, statfs, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { type CommandResult, startEngine, type TestEngine } from '../test/support/engine.ts';
import { fsckProblems } from '../test/support/fsck.ts';
import { type ImageArchive, makeImageArchive } from '../test/support/image-archive.ts';
import { imageProblems } from '../test/support/image-tree.ts';
import { openSmallDisk, type SmallDisk } from '../test/support/small-disk.ts';
import { leftInEmptyStore } from '../test/support/empty-store.ts';
import { addProblems, type FaultOptions, type FaultReport, pick, seeded } from './support.ts';

const DISK_MEGABYTES = 160;
const WORKS = ['load', 'load', 'build', 'commit', 'run', 'import'] as const;
type Work = (typeof WORKS)[number];

interface Scene {
  disk: SmallDisk;
  engine: TestEngine;
  folder: string;
  archives: readonly ImageArchive[];
  random: () => number;
  report: FaultReport;
}

/**
 * Fills the disk of the data root at random moments of work. The engine must stay up, say what is wrong in words for people, still list,
 * remove and prune, and go on once there is space again; no image is listed that is not whole.
 */
export async function fillDisk(options: FaultOptions): Promise<FaultReport> {
  const { seed, rounds, onRound } = options;
  const report: FaultReport = { rounds, problems: [], counts: { failedForSpace: 0, finished: 0, compared: 0 } };
  await using folder = await mkdtempDisposable(join(tmpdir(), 'soak-full-'));
  await using disk = await openSmallDisk(DISK_MEGABYTES);
  await using engine = await startEngine({ root: disk.path });
  const archives = [
    await makeImageArchive(folder.path, { name: 'first:1', seed, layers: [5_000_000, 20_000_000] }),
    await makeImageArchive(folder.path, { name: 'first:2', seed, layers: [5_000_000, 20_000_000], revision: 2 }),
    await makeImageArchive(folder.path, { name: 'other:1', seed: seed + 1, layers: [12_000_000] }),
  ];
  const scene: Scene = { disk, engine, folder: folder.path, archives, random: seeded(seed), report };
  const { pid } = engine;
  for (let round = 0; round < rounds; round++) {
    onRound?.(round);
    const problems = await fillOnce(scene, round);
    if (engine.pid !== pid || (await engine.request('GET', '/_ping')).status !== 200)
      problems.push('the engine is gone');
    const found = problems.map((problem) => `round ${round}: ${problem}`);
    addProblems(report, found, options);
  }
  return report;
}

async function fillOnce(scene: Scene, round: number): Promise<string[]> {
  const { disk, engine, random, report } = scene;
  const work = pick(random, WORKS);
  const archive = pick(random, scene.archives);
  const base = scene.archives[2];
  if (base !== undefined) await must(engine.docker('load', '-q', '-i', base.path));
  await prepare(scene, work, round);
  const running = perform(scene, work, { archive, round });
  await sleep(random() * 600);
  const filling = join(disk.path, 'filling');
  await fillUp(disk, filling);
  const done = await running;
  const problems: string[] = [];
  if (done.code === 0) report.counts['finished']! += 1;
  else if (SAYS_FULL.test(done.stdout + done.stderr)) report.counts['failedForSpace']! += 1;
  else problems.push(`does not say that the disk is full: ${done.stdout}${done.stderr}`);
  report.counts[work] = (report.counts[work] ?? 0) + 1;
  problems.push(...(await worksWhileFull(scene, archive)));
  await rm(filling);
  problems.push(...(await worksAgain(scene, archive)));
  return problems.map((problem) => `${work}: ${problem}`);
}

/** Programs in containers may see no more than that their write failed. */
const SAYS_FULL = /no space left|no space is left|ENOSPC|No space left on device|standard output: I\/O error/i;

/** Takes all of the space, a little later also what comes back. */
async function fillUp({ path }: SmallDisk, file: string): Promise<void> {
  for (let times = 0; times < 3; times++) {
    const { bavail, bsize } = await statfs(path);
    if (bavail === 0) return;
    await promisify(execFile)('sh', ['-c', `head -c ${bavail * bsize} /dev/zero >> ${file}`]).catch(() => {});
  }
}

/** What a person does who sees that the disk is full. */
async function worksWhileFull({ engine }: Scene, archive: ImageArchive): Promise<string[]> {
  const problems: string[] = [];
  const expectOk = async (...words: string[]): Promise<void> => {
    const { code, stderr } = await engine.docker(...words);
    if (code !== 0) problems.push(`on the full disk, docker ${words.join(' ')} fails: ${stderr}`);
  };
  await expectOk('ps', '-a');
  await expectOk('images');
  await expectOk('system', 'df');
  for (const name of await lines(engine, 'ps', '-aq')) await expectOk('rm', '-f', name);
  if ((await lines(engine, 'images', '-q', archive.name)).length > 0) await expectOk('rmi', '-f', archive.name);
  await expectOk('system', 'prune', '-f');
  return problems;
}

async function worksAgain({ engine, archives, report }: Scene, archive: ImageArchive): Promise<string[]> {
  const problems: string[] = [];
  const loaded = await engine.docker('load', '-q', '-i', archive.path);
  if (loaded.code !== 0) problems.push(`with space again, load fails: ${loaded.stderr}`);
  const ran = await engine.docker(
    'run',
    '--rm',
    '--network',
    'none',
    archive.name,
    'sh',
    '-c',
    'echo x > /x && cat /x',
  );
  if (ran.stdout !== 'x\n') problems.push(`with space again, run fails: ${ran.stderr}`);
  const listed = await lines(engine, 'images', '--format', '{{.Repository}}:{{.Tag}}');
  for (const { name, tree } of archives) {
    if (!listed.includes(name)) continue;
    report.counts['compared']! += 1;
    problems.push(...(await imageProblems(engine, name, tree)).map((problem) => `${name}: ${problem}`));
  }
  problems.push(...(await fsckProblems(engine)));
  const images = await lines(engine, 'images', '-aq');
  if (images.length > 0) await must(engine.docker('rmi', '-f', ...new Set(images)));
  await must(engine.docker('system', 'prune', '-af'));
  const left = await leftInEmptyStore(engine);
  if (left.length > 0) problems.push(`${left.length} paths are left in an empty store: ${left.slice(0, 8).join(', ')}`);
  return problems;
}

async function prepare({ engine }: Scene, work: Work, round: number): Promise<void> {
  if (work !== 'commit') return;
  const script = 'head -c 5000000 /dev/urandom > /new';
  await must(engine.docker('run', '--name', `source-${round}`, '--network', 'none', 'other:1', 'sh', '-c', script));
}

async function perform(
  { engine, folder }: Scene,
  work: Work,
  { archive, round }: { archive: ImageArchive; round: number },
): Promise<CommandResult> {
  const script = 'head -c 20000000 /dev/urandom > /new';
  if (work === 'load') return engine.docker('load', '-q', '-i', archive.path);
  if (work === 'import') return engine.docker('import', archive.path, `imported:${round}`);
  if (work === 'commit') return engine.docker('commit', `source-${round}`, `committed:${round}`);
  if (work === 'run') return engine.docker('run', '--name', `run-${round}`, '--network', 'none', 'other:1', 'sh', '-c', script); // prettier-ignore
  await writeFile(
    join(folder, 'Dockerfile'),
    `FROM other:1\nCOPY Dockerfile /d\nRUN ${script}\nRUN echo ${round} > /r\n`,
  );
  await writeFile(join(folder, '.dockerignore'), '*.tar\n');
  return engine.docker('build', '--network', 'none', '-t', `built:${round}`, folder);
}

async function lines(engine: TestEngine, ...words: string[]): Promise<string[]> {
  return (await must(engine.docker(...words))).stdout.split('\n').filter(Boolean);
}

async function must(result: Promise<CommandResult>): Promise<CommandResult> {
  const done = await result;
  if (done.code !== 0) throw new Error(`${done.stdout}${done.stderr}`);
  return done;
}
