import { mkdtempDisposable, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type CommandResult, startEngine, type TestEngine } from '../test/support/engine.ts';
import { fsck, fsckProblems } from '../test/support/fsck.ts';
import { makeImageArchive } from '../test/support/image-archive.ts';
import { imageProblems } from '../test/support/image-tree.ts';
import { type Corruption, copyDatabase, CORRUPTIONS, putDatabase, type Subject } from './corruptions.ts';
import { addProblems, type FaultOptions, type FaultReport, seeded } from './support.ts';

/**
 * Damages a store in every way of `CORRUPTIONS`, one after the other. Each must be found by a check (or by the engine when it starts),
 * no image may be listed and broken without the check saying so, and after a repair and a load of the same images all must be whole.
 */
export async function corruptImages(options: FaultOptions): Promise<FaultReport> {
  const { seed, rounds, onRound } = options;
  const report: FaultReport = {
    rounds,
    problems: [],
    counts: { found: 0, mendedAtStart: 0, repaired: 0, refused: 0, healed: 0 },
  };
  await using rig = await openCorruptionRig(seed);
  const random = seeded(seed);
  const order = Object.keys(CORRUPTIONS).map((name) => ({ name, at: random() }));
  const names = order.toSorted((a, b) => a.at - b.at).map(({ name }) => name);
  for (let round = 0; round < rounds; round++) {
    onRound?.(round);
    const name = names[round % names.length] ?? '';
    const problems = await rig.corrupt(name, report.counts);
    const found = problems.map((problem) => `${name}: ${problem}`);
    addProblems(report, found, options);
  }
  return report;
}

export interface CorruptionRig extends AsyncDisposable {
  /** Does one of them, and makes all whole again. @returns what was not as it should be */
  corrupt(name: string, counts?: Record<string, number>): Promise<string[]>;
}

export async function openCorruptionRig(seed: number): Promise<CorruptionRig> {
  await using resources = new AsyncDisposableStack();
  const folder = resources.use(await mkdtempDisposable(join(tmpdir(), 'soak-corrupt-')));
  const engine = resources.use(await startEngine());
  const layers = [300_000, 3_000_000];
  const first = await makeImageArchive(folder.path, { name: 'first:1', seed, layers });
  const second = await makeImageArchive(folder.path, { name: 'second:2', seed, layers, revision: 2 });
  const olderDatabase = join(folder.path, 'older.db');
  const subject: Subject = { engine, first, second, olderDatabase, random: seeded(seed), cleanup: [] };
  const held = resources.move();
  return {
    async corrupt(name, counts = {}) {
      const corruption = CORRUPTIONS[name];
      if (corruption === undefined) throw new Error(`no corruption called ${name}`);
      await makeStore(subject, folder.path);
      try {
        return await corruptOnce(subject, { corruption, counts });
      } finally {
        for (const undo of subject.cleanup.splice(0)) undo();
      }
    },
    [Symbol.asyncDispose]: () => held.disposeAsync(),
  };
}

/** An empty store, then everything that can be damaged. */
async function makeStore(subject: Subject, folder: string): Promise<void> {
  const { engine, first, second } = subject;
  await removeAll(engine);
  await must(engine.docker('load', '-q', '-i', first.path));
  await fsck(engine);
  await engine.kill();
  copyDatabase(engine, subject.olderDatabase);
  await engine.start();
  await must(engine.docker('load', '-q', '-i', second.path));
  await writeFile(join(folder, 'Dockerfile'), `FROM ${first.name}\nRUN echo made > /made\n`);
  await writeFile(join(folder, '.dockerignore'), '*\n');
  await must(engine.docker('build', '-q', '--network', 'none', '-t', 'built:1', folder));
  await must(engine.docker('run', '--name', 'kept', '--network', 'none', 'first:1', 'true'));
}

async function removeAll(engine: TestEngine): Promise<void> {
  await engine.docker('rm', '-f', 'kept');
  await must(engine.docker('system', 'prune', '-af'));
}

interface Doing {
  corruption: Corruption;
  counts: Record<string, number>;
}

async function corruptOnce(subject: Subject, { corruption, counts }: Doing): Promise<string[]> {
  const { engine } = subject;
  if (corruption.isLive !== true) await engine.kill();
  corruption.damage(subject);
  if (corruption.isLive !== true) {
    const refused = await engine.start().then(
      () => undefined,
      (error: Error) => error.message,
    );
    if (refused !== undefined) return startAgain(subject, { corruption, counts }, refused);
  }
  const problems = await findIt(subject, { corruption, counts });
  const repaired = await fsck(engine, '--repair');
  count(counts, 'repaired', repaired.findings.filter(({ outcome }) => outcome === 'repaired').length);
  problems.push(...(await compareListed(subject, [])).map((problem) => `after a repair: ${problem}`));
  for (const undo of subject.cleanup.splice(0)) undo();
  problems.push(...(await heal(subject)));
  if (problems.length === 0) count(counts, 'healed');
  return problems;
}

async function findIt(subject: Subject, { corruption, counts }: Doing): Promise<string[]> {
  const { engine } = subject;
  const problems: string[] = [];
  const fast = await fsck(engine, '--fast');
  const full = await fsck(engine);
  const seen = full.findings.map(({ kind }) => kind);
  if (corruption.kinds.length === 0) count(counts, 'mendedAtStart');
  else if (seen.some((kind) => corruption.kinds.includes(kind))) count(counts, 'found');
  // What the engine itself noticed when it started is no longer there to be found.
  else if (corruption.isLive !== true && !(await listedNames(engine)).includes(subject.first.name))
    count(counts, 'mendedAtStart'); // prettier-ignore
  else problems.push(`not found: ${JSON.stringify(full.findings)}`);
  if (corruption.isFastSeen === true && seen.length > 0 && fast.findings.length === 0) problems.push('not found by a fast check'); // prettier-ignore
  if (full.findings.length > 0 !== (full.code === 1)) problems.push(`${full.findings.length} findings, and exit ${full.code}`); // prettier-ignore
  const told = full.findings.flatMap(({ images }) => images);
  problems.push(...(await compareListed(subject, told)));
  return problems;
}

/** Listed images that are broken, unless a check has told it. */
async function compareListed({ engine, first, second }: Subject, told: readonly string[]): Promise<string[]> {
  const problems: string[] = [];
  const listed = await listedNames(engine);
  for (const archive of [first, second]) {
    if (!listed.includes(archive.name) || told.some((name) => name.includes(archive.name))) continue;
    const found = await imageProblems(engine, archive.name, archive.tree);
    problems.push(...found.map((problem) => `${archive.name} is listed and broken: ${problem}`));
  }
  return problems;
}

/** The same images loaded again: all is whole, containers run, a check finds nothing. */
async function heal({ engine, first, second }: Subject): Promise<string[]> {
  const problems: string[] = [];
  await engine.docker('rm', '-f', 'kept');
  for (const archive of [first, second]) {
    const loaded = await engine.docker('load', '-q', '-i', archive.path);
    if (loaded.code !== 0) problems.push(`${archive.name} cannot be loaded again: ${loaded.stderr}`);
    const ran = await engine.docker('run', '--rm', '--network', 'none', archive.name, '/bin/busybox', 'true');
    if (ran.code !== 0) problems.push(`${archive.name} was loaded again and does not run: ${ran.stderr}`);
    problems.push(...(await imageProblems(engine, archive.name, archive.tree)).map((problem) => `${archive.name} loaded again: ${problem}`)); // prettier-ignore
  }
  // What only a build or its removal mends.
  await engine.docker('rmi', '-f', 'built:1');
  await engine.docker('builder', 'prune', '-af');
  problems.push(...(await fsckProblems(engine)).map((problem) => `in the end: ${problem}`));
  return problems;
}

/** An engine that does not start says why; without the database it starts, and its layers are found again or go. */
async function startAgain(subject: Subject, { corruption, counts }: Doing, refused: string): Promise<string[]> {
  const { engine } = subject;
  const isExpected = corruption.refusal?.test(refused) === true;
  const problems = isExpected ? [] : [`the engine does not start: ${refused}`];
  putDatabase(engine, undefined);
  await engine.start();
  problems.push(...(await heal(subject)));
  if (isExpected) count(counts, 'refused');
  if (problems.length === 0) count(counts, 'healed');
  return problems;
}

async function listedNames(engine: TestEngine): Promise<string[]> {
  return (await must(engine.docker('images', '--format', '{{.Repository}}:{{.Tag}}'))).stdout
    .split('\n')
    .filter(Boolean);
}

function count(counts: Record<string, number>, what: string, number = 1): void {
  counts[what] = (counts[what] ?? 0) + number;
}

async function must(result: Promise<CommandResult>): Promise<CommandResult> {
  const done = await result;
  if (done.code !== 0) throw new Error(`${done.stdout}${done.stderr}`);
  return done;
}
