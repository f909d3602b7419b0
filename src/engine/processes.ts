import { readdir, readFile } from 'node:fs/promises';
import { parseStatus } from '#linux/proc.ts';

/** A process that the engine runs beside the containers' own. */
export interface EngineProcess {
  pid: number;
  name: string;
  /** Its share of memory, bytes: what it has for itself, and its part of what it shares. */
  memoryBytes: number;
}

/** Programs of ours that outlive the engine. */
const SUPERVISORS: ReadonlySet<string> = new Set(['conmon', 'berth-net']);

/** The engine itself and the supervisors of its containers, by what their command lines say. */
export async function engineProcesses({ pid, execRoot }: { pid: number; execRoot: string }): Promise<EngineProcess[]> {
  const found: EngineProcess[] = [];
  for (const entry of await readdir('/proc')) {
    if (!/^\d+$/.test(entry)) continue;
    const name = (await read(`/proc/${entry}/comm`)).trim();
    const isOurs =
      Number(entry) === pid ||
      (SUPERVISORS.has(name) && (await read(`/proc/${entry}/cmdline`)).includes(`${execRoot}/`));
    if (isOurs)
      found.push({
        pid: Number(entry),
        name: Number(entry) === pid ? 'berthd' : name,
        memoryBytes: await memoryOf(entry),
      });
  }
  return found;
}

async function memoryOf(pid: string): Promise<number> {
  const kilobytes = parseStatus(await read(`/proc/${pid}/smaps_rollup`)).get('Pss') ?? '0 kB';
  return Number.parseInt(kilobytes, 10) * 1024;
}

async function read(path: string): Promise<string> {
  return readFile(path, 'utf8').catch(() => '');
}
