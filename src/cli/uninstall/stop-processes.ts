import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { cgroupProcesses, detectCgroups, killCgroup, removeCgroup } from '#linux/cgroup.ts';
import type { Places } from './places.ts';

const STOP_WITHIN_MS = 15_000;
const ASK_EVERY_MS = 50;

/** Stops the engine, its containers and what holds their streams. @returns what was ended, for people */
export async function stopProcesses({ dataRoot, execRoot, id }: Places): Promise<string[]> {
  const ended: string[] = [];
  const engine = await enginePid(execRoot);
  if (engine !== undefined && (await endGently(engine))) ended.push(`the engine (process ${engine})`);
  if (id !== '') {
    const layout = detectCgroups();
    const inside = await cgroupProcesses(layout, `/berth-${id}`);
    await killCgroup(layout, `/berth-${id}`);
    if (inside.length > 0) ended.push(`${inside.length} processes of containers`);
  }
  const beside = await processesOf([dataRoot, execRoot]);
  for (const pid of beside) signal(pid, 'SIGKILL');
  if (beside.length > 0) ended.push(`${beside.length} processes beside containers`);
  for (let left = beside; left.length > 0; left = left.filter((pid) => signal(pid, 0))) await pause();
  if (id !== '') await removeCgroup(detectCgroups(), `/berth-${id}`);
  return ended;
}

/** From its pid file; the number may have gone to another program since. */
async function enginePid(execRoot: string): Promise<number | undefined> {
  const pid = Number((await readFile(join(execRoot, 'berthd.pid'), 'utf8').catch(() => '')).trim());
  if (!(pid > 1)) return undefined;
  const words = (await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')).split('\0');
  return words[words.indexOf('engine') + 1] === 'run' && words.includes('engine') ? pid : undefined;
}

async function endGently(pid: number): Promise<boolean> {
  if (!signal(pid, 'SIGTERM')) return false;
  const deadline = Date.now() + STOP_WITHIN_MS;
  while (signal(pid, 0) && Date.now() < deadline) await pause();
  signal(pid, 'SIGKILL');
  return true;
}

/** Supervisors and runtimes that name one of the folders. */
async function processesOf(folders: readonly string[]): Promise<number[]> {
  const found: number[] = [];
  for (const name of await readdir('/proc')) {
    if (!/^\d+$/.test(name) || Number(name) === process.pid) continue;
    const [program = '', ...args] = (await readFile(`/proc/${name}/cmdline`, 'utf8').catch(() => '')).split('\0');
    const isOurs = /(^|\/)(conmon|runc|berth-net)$/.test(program);
    if (isOurs && args.some((word) => folders.some((folder) => word.startsWith(`${folder}/`))))
      found.push(Number(name));
  }
  return found;
}

function signal(pid: number, name: NodeJS.Signals | 0): boolean {
  try {
    return process.kill(pid, name);
  } catch {
    return false;
  }
}

async function pause(): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, ASK_EVERY_MS));
}
