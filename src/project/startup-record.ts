import { createHash } from 'node:crypto';
import { mkdir, readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { writeAtomic } from '#lib/files/write-atomic.ts';
import type { Startup } from '#ml/dockerfile/startup.ts';

/** A second measurement replaces the first where it differs by more than this: each one makes another image. */
const WORTH_CHANGING = 2;

/** What the last start of a folder's program took; undefined if it was never measured, or the record cannot be read. */
export async function readStartup(directory: string): Promise<Startup | undefined> {
  const text = await readFile(recordPath(directory), 'utf8').catch(() => '');
  try {
    const found = JSON.parse(text) as Partial<Startup>;
    const { importMs, readyMs, firstAnswerMs, peakMemoryBytes } = found;
    if (!isTime(readyMs) || !isTime(firstAnswerMs)) return undefined;
    return {
      importMs: isTime(importMs) ? importMs : null,
      readyMs,
      firstAnswerMs,
      peakMemoryBytes: isTime(peakMemoryBytes) ? peakMemoryBytes : null,
    };
  } catch {
    return undefined;
  }
}

/** Keeps a measurement for the next image of the folder. A folder that cannot be written to costs only the budget. */
export async function keepStartup(directory: string, startup: Startup): Promise<void> {
  const former = await readStartup(directory);
  if (former !== undefined && !differs(former.firstAnswerMs, startup.firstAnswerMs)) return;
  const path = recordPath(directory);
  await mkdir(join(path, '..'), { recursive: true }).catch(() => {});
  await writeAtomic(path, `${JSON.stringify(startup)}\n`).catch(() => {});
}

function differs(one: number, other: number): boolean {
  return Math.max(one, other) > WORTH_CHANGING * Math.max(1, Math.min(one, other));
}

function isTime(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value) && value >= 0;
}

function recordPath(directory: string): string {
  const cache = process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache');
  return join(cache, 'berth/startup', `${createHash('sha256').update(directory).digest('hex').slice(0, 16)}.json`);
}
