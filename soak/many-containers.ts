import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { run } from '#lib/run.ts';
import { cgroupFolders, detectCgroups } from '#linux/cgroup.ts';
import { importBusybox } from '../test/support/base-image.ts';
import { startEngine, type TestEngine } from '../test/support/engine.ts';
import type { FaultOptions, FaultReport } from './support.ts';

/** Containers that are started together. */
const AT_ONCE = 50;
/** What may be new after a warm-up: a socket or two, and memory that is only collected when it is needed. */
const MORE_FILES = 8;
const MORE_MEMORY_BYTES = 80 * 1024 * 1024;

/** Runs many short containers one after another and then fifty at once: nothing of them stays on the host, nor in the engine. */
export async function manyContainers({ rounds, onRound }: FaultOptions): Promise<FaultReport> {
  const report: FaultReport = { rounds, problems: [], counts: {} };
  await using engine = await startEngine();
  await importBusybox(engine);
  const runOne = async (index: number): Promise<void> => {
    const { code, stdout, stderr } = await engine.docker('run', '--rm', 'busybox', 'echo', String(index));
    if (code !== 0 || stdout !== `${index}\n`) report.problems.push(`run ${index}: ${code} ${stdout}${stderr}`);
  };
  for (let index = 0; index < Math.min(rounds, 20); index++) await runOne(index);
  const before = await measure(engine);
  for (let index = 0; index < rounds; index++) {
    onRound?.(index);
    await runOne(index);
  }
  await Promise.all(Array.from({ length: AT_ONCE }, async (_, index) => runOne(index)));
  const after = await settled(engine);
  report.counts = { ...after, filesBefore: before.files, memoryBefore: before.memoryBytes };
  for (const kind of [
    'containers',
    'mounts',
    'interfaces',
    'namespaces',
    'groups',
    'bundles',
    'trees',
    'children',
  ] as const)
    if (after[kind] > before[kind]) report.problems.push(`${kind} that stayed: ${after[kind] - before[kind]}`);
  if (after.files > before.files + MORE_FILES)
    report.problems.push(`open files grew from ${before.files} to ${after.files}`);
  if (after.memoryBytes > before.memoryBytes + MORE_MEMORY_BYTES)
    report.problems.push(`memory grew from ${before.memoryBytes} to ${after.memoryBytes} bytes`);
  for (const line of engine.log().split('\n')) if (line.includes('level=error')) report.problems.push(line);
  return report;
}

interface Counts {
  containers: number;
  mounts: number;
  interfaces: number;
  namespaces: number;
  groups: number;
  bundles: number;
  trees: number;
  children: number;
  files: number;
  memoryBytes: number;
}

/** What there is when it no longer changes: supervisors end and folders go a moment after their container. */
async function settled(engine: TestEngine): Promise<Counts> {
  let last = await measure(engine);
  for (let tries = 0; tries < 20; tries++) {
    await sleep(500);
    const now = await measure(engine);
    const isSame = (Object.keys(now) as (keyof Counts)[]).every(
      (kind) => kind === 'memoryBytes' || now[kind] === last[kind],
    );
    last = now;
    if (isSame) break;
  }
  return last;
}

async function count(folder: string): Promise<number> {
  return (await readdir(folder).catch(() => [])).length;
}

async function measure(engine: TestEngine): Promise<Counts> {
  const { id, pid, dataRoot, execRoot } = engine;
  const mounts = (await readFile('/proc/self/mountinfo', 'utf8')).split('\n');
  const links = JSON.parse((await run(['ip', '-json', 'link', 'show'])).stdout) as { ifalias?: string }[];
  const folders = cgroupFolders(detectCgroups(), `/berth-${id}`);
  const entries = await Promise.all(folders.map((folder) => readdir(folder, { withFileTypes: true }).catch(() => [])));
  const children = await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8');
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  return {
    containers: (await engine.docker('ps', '-aq')).stdout.split('\n').filter(Boolean).length,
    mounts: mounts.filter((line) => line.includes(execRoot) || line.includes(dataRoot)).length,
    interfaces: links.filter(({ ifalias }) => ifalias?.startsWith(`berth:${id}:`)).length,
    namespaces: await count(join(execRoot, 'networks')),
    groups: entries.flat().filter((entry) => entry.isDirectory()).length,
    bundles: (await count(join(execRoot, 'containers'))) + (await count(join(execRoot, 'runc'))) + (await count(join(execRoot, 'exits'))), // prettier-ignore
    trees: await count(join(dataRoot, 'snapshots')),
    children: children.split(' ').filter(Boolean).length,
    files: await count(`/proc/${pid}/fd`),
    memoryBytes: Number(/^VmRSS:\s+(\d+) kB/m.exec(status)?.[1] ?? 0) * 1024,
  };
}
