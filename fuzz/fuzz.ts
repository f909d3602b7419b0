import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { sha256 } from '#lib/sha256.ts';
import { seeded } from '../soak/support.ts';
import { minimise } from './minimise.ts';
import type { Checked, FuzzTarget, OpenTarget } from './target.ts';
import { startWatchdog } from './watchdog.ts';

export interface FuzzOptions {
  seed: number;
  rounds: number;
  /** Number of the first input; one input alone is made again by its number. */
  first?: number;
  /** Where inputs that failed are kept; nowhere if absent. */
  folder?: string;
  onRound?: (round: number) => void;
  onProblem?: (problem: string) => void;
}

export interface FuzzReport {
  taken: number;
  refused: number;
  problems: string[];
}

/** An input that takes longer is a defect: none is larger than a few megabytes. */
const SLOW_MS = 20_000;

/** Feeds a target one input after another. Each is made of the seed and its own number alone. */
export async function fuzz(target: FuzzTarget, options: FuzzOptions): Promise<FuzzReport> {
  const { seed, rounds, first = 0 } = options;
  const report: FuzzReport = { taken: 0, refused: 0, problems: [] };
  const problem = (text: string): void => {
    report.problems.push(text);
    options.onProblem?.(text);
  };
  using watchdog = startWatchdog();
  await using open = await target.open();
  for (let round = first; round < first + rounds; round++) {
    options.onRound?.(round);
    watchdog.alive(round);
    const input = open.make(randomOf(seed, round));
    const { isTaken, defect } = await checked(open, input, randomOf(seed, -1 - round));
    report[isTaken ? 'taken' : 'refused'] += 1;
    if (defect === undefined) continue;
    const path = await keep(open, { input, defect, name: `${target.name}-${seed}-${round}`, folder: options.folder });
    problem(`${target.name}: seed ${seed}, round ${round}: ${defect}${path}`);
  }
  for (const text of (await open.finish?.()) ?? []) problem(`${target.name}: seed ${seed}: ${text}`);
  return report;
}

function randomOf(seed: number, round: number): () => number {
  const random = seeded((seed + Math.imul(round, 0x9e3779b1)) >>> 0);
  random();
  return random;
}

/** A failure to check is a defect as well. */
async function checked(open: OpenTarget, input: Buffer, random: () => number): Promise<Checked> {
  const since = performance.now();
  try {
    const result = await open.check(input, random);
    const ms = Math.round(performance.now() - since);
    return ms > SLOW_MS ? { ...result, defect: `took ${ms} ms` } : result;
  } catch (error) {
    return { isTaken: false, defect: (error as Error).stack ?? String(error) };
  }
}

async function keep(
  open: OpenTarget,
  { input, defect, name, folder }: { input: Buffer; defect: string; name: string; folder: string | undefined },
): Promise<string> {
  if (folder === undefined) return ` (${input.length} bytes, ${sha256(input)})`;
  await mkdir(folder, { recursive: true });
  const kind = kindOf(defect);
  const small = await minimise(input, async (candidate) => {
    const { defect: found } = await checked(open, candidate, seeded(0));
    return found !== undefined && kindOf(found) === kind;
  });
  const path = join(folder, `${name}.bin`);
  await writeFile(path, small);
  return `\n  kept as ${path}, ${small.length} of ${input.length} bytes`;
}

/** What two failures of one cause have in common: the text without numbers and names. */
function kindOf(defect: string): string {
  return (defect.split('\n')[0] ?? '').replace(/"[^"]*"|[0-9]+/g, '').slice(0, 60);
}
