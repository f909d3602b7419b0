import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';

const EVERY_MS = 100;
/** Processes come and go seldom: looking for them costs more than reading their sizes. */
const LOOK_EVERY = 5;

/** The most memory that a group of processes held at one time, in MB. */
export interface Peak {
  /** Resident, without pages of files: the page cache has those, whoever maps them. */
  own: number;
  /** Resident, programs and libraries that are mapped counted for each process. */
  resident: number;
}

/** Runs `work` and watches the processes meanwhile. */
export async function watchPeak<T>(
  pids: () => Promise<readonly number[]>,
  work: () => Promise<T>,
): Promise<{ result: T; peak: Peak }> {
  const peak: Peak = { own: 0, resident: 0 };
  const done = new AbortController();
  const watch = async (): Promise<void> => {
    let watched: readonly number[] = [];
    for (let turn = 0; !done.signal.aborted; turn++) {
      if (turn % LOOK_EVERY === 0) watched = await pids();
      const now = (await Promise.all(watched.map(memoryOf))).reduce(add, { own: 0, resident: 0 });
      peak.own = Math.max(peak.own, now.own);
      peak.resident = Math.max(peak.resident, now.resident);
      await sleep(EVERY_MS);
    }
  };
  const watching = watch();
  try {
    return { result: await work(), peak };
  } finally {
    done.abort();
    await watching;
  }
}

async function memoryOf(pid: number): Promise<Peak> {
  const text = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '');
  const megabytes = (field: string): number =>
    Number(new RegExp(`^${field}:\\s+(\\d+)`, 'm').exec(text)?.[1] ?? 0) / 1024;
  return { own: megabytes('RssAnon') + megabytes('RssShmem'), resident: megabytes('VmRSS') };
}

function add(a: Peak, b: Peak): Peak {
  return { own: a.own + b.own, resident: a.resident + b.resident };
}
