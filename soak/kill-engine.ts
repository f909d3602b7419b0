import { mkdtempDisposable, readdir, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { busyboxTar } from '../test/support/base-image.ts';
import { type CommandResult, type TestEngine, startEngine } from '../test/support/engine.ts';
import { type FaultOptions, type FaultReport, seeded } from './support.ts';

type Work = 'import' | 'build' | 'run' | 'remove';
const WORKS: readonly Work[] = ['import', 'build', 'run', 'remove'];
const LONGEST_WORK_MS = 1200;

/**
 * Kills the engine with SIGKILL in the middle of work, again and again, on one data root. After each restart every image listed must
 * run, a container that ran must run on with its log whole, and nothing half-done may be on the disk.
 */
export async function killEngine({ seed, rounds, onRound }: FaultOptions): Promise<FaultReport> {
  const random = seeded(seed);
  const report: FaultReport = { rounds, problems: [], counts: { killedInTheMiddle: 0, finishedBefore: 0 } };
  await using folder = await mkdtempDisposable(join(tmpdir(), 'soak-kill-'));
  await using engine = await startEngine();
  const archive = await busyboxTar();
  await must(engine.docker('import', archive, 'busybox:latest'));
  await must(
    engine.docker(
      'run',
      '-d',
      '--name',
      'witness',
      'busybox',
      'sh',
      '-c',
      'i=0; while sleep 0.05; do i=$((i+1)); echo $i; done',
    ),
  );
  for (let round = 0; round < rounds; round++) {
    onRound?.(round);
    const work = WORKS[Math.floor(random() * WORKS.length)] ?? 'run';
    const running = perform(engine, work, { round, folder: folder.path, archive });
    const finished = await Promise.race([running.then(() => true), sleep(random() * LONGEST_WORK_MS, false)]);
    report.counts[finished ? 'finishedBefore' : 'killedInTheMiddle']! += 1;
    report.counts[work] = (report.counts[work] ?? 0) + 1;
    await engine.kill('SIGKILL');
    await running;
    await engine.start();
    for (const problem of await examine(engine)) report.problems.push(`round ${round} (${work}): ${problem}`);
  }
  await must(engine.docker('rm', '-f', 'witness'));
  return report;
}

async function perform(
  engine: TestEngine,
  work: Work,
  { round, folder, archive }: { round: number; folder: string; archive: string },
): Promise<CommandResult> {
  if (work === 'import') return engine.docker('import', archive, `imported:${round}`);
  if (work === 'run') return engine.docker('run', '--rm', 'busybox', 'sh', '-c', 'sleep 0.2; echo done');
  if (work === 'remove') {
    const { stdout } = await engine.docker('images', '-q', '--filter', 'reference=imported');
    return engine.docker('rmi', '-f', stdout.trim().split('\n')[0] || 'none');
  }
  const steps = `COPY Dockerfile /d\nRUN echo ${round} > /r && sleep 0.3\nRUN ls /r\n`;
  await writeFile(join(folder, 'Dockerfile'), `FROM busybox\n${steps}`);
  return engine.docker('build', '-t', `built:${round}`, folder);
}

/** What is wrong after a restart. */
async function examine(engine: TestEngine): Promise<string[]> {
  const problems: string[] = [];
  const { stdout } = await engine.docker('images', '--format', '{{.Repository}}:{{.Tag}}');
  for (const image of stdout.trim().split('\n')) {
    const { code, stderr } = await engine.docker('run', '--rm', '--network', 'none', image, '/bin/busybox', 'true');
    if (code !== 0) problems.push(`${image} is listed and does not run: ${stderr.trim()}`);
  }
  problems.push(...gaps((await engine.docker('logs', 'witness')).stdout));
  const state = await engine.docker('inspect', '--format', '{{.State.Running}}', 'witness');
  if (state.stdout.trim() !== 'true') problems.push(`the witness stopped: ${state.stdout}${state.stderr}`);
  const ingest = await readdir(join(engine.dataRoot, 'content', 'ingest')).catch(() => []);
  if (ingest.length > 0) problems.push(`half-written content: ${ingest.join(', ')}`);
  return problems;
}

function gaps(log: string): string[] {
  const numbers = log.trim().split('\n').map(Number);
  const wrong = numbers.findIndex((number, index) => number !== index + 1);
  return wrong < 0 ? [] : [`the witness's log has a gap at line ${wrong + 1}: ${numbers[wrong]}`];
}

async function must(result: Promise<CommandResult>): Promise<void> {
  const { code, stdout, stderr } = await result;
  if (code !== 0) throw new Error(`${stdout}${stderr}`);
}
