import { readdir, readFile } from 'node:fs/promises';

/** Proportional set size of processes, in MB, summed. A process that ended in between counts nothing. */
export async function proportionalMegabytes(pids: readonly number[]): Promise<number> {
  const sizes = await Promise.all(
    pids.map(async (pid) => {
      const text = await readFile(`/proc/${pid}/smaps_rollup`, 'utf8').catch(() => '');
      return Number(/^Pss:\s+(\d+)/m.exec(text)?.[1] ?? 0);
    }),
  );
  return sizes.reduce((sum, size) => sum + size, 0) / 1024;
}

/** Every process whose command line holds `text`, and their descendants. */
export async function processesWith(text: string): Promise<number[]> {
  const found = new Map<number, { parent: number; matches: boolean }>();
  for (const name of await readdir('/proc')) {
    const pid = Number(name);
    if (!Number.isInteger(pid) || pid === process.pid) continue;
    const [line, stat] = await Promise.all([
      readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => ''),
      readFile(`/proc/${pid}/stat`, 'utf8').catch(() => ''),
    ]);
    const parent = Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1] ?? 0);
    found.set(pid, { parent, matches: line.includes(text) });
  }
  const belongs = (pid: number): boolean => {
    const entry = found.get(pid);
    return entry !== undefined && (entry.matches || belongs(entry.parent));
  };
  return [...found.keys()].filter(belongs);
}
