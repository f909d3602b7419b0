import { loadavg } from 'node:os';

/** What two sides took, in the unit of the benchmark, run in turns. */
export interface Comparison {
  name: string;
  unit: 'ms' | 'MB';
  berth: number[];
  peer: number[];
  /** The same work done by further engines, by their name. */
  others?: Readonly<Record<string, number[]>>;
  /** Exactly what was run, so that a reader can repeat it. */
  commands: { berth: string; peer: string };
  /** Cache state and anything else that decides the figure. */
  settings: string;
  /** One-minute load average before the first and after the last run. */
  load: [number, number];
}

type Work = () => Promise<number | void>;

export interface Sides {
  berth: Work;
  peer: Work;
  /** By name. */
  others?: Readonly<Record<string, Work>>;
}

/** Those that are shown beside the comparison take their time. */
const OTHER_RUNS = 2;

/** Runs all sides in turns, after one unmeasured turn each. A side that returns a number measured it itself; else its wall time counts. */
export async function alternate(
  { others = {}, ...sides }: Sides,
  runs: number,
): Promise<Pick<Comparison, 'berth' | 'peer' | 'others' | 'load'>> {
  const before = loadavg()[0] ?? 0;
  const all: Readonly<Record<string, Work>> = { ...sides, ...others };
  const names = Object.keys(all);
  const taken = new Map<string, number[]>(names.map((name) => [name, []]));
  for (let turn = 0; turn <= runs; turn++) {
    for (const name of turn % 2 === 0 ? names : names.toReversed()) {
      if (name in others && turn > OTHER_RUNS) continue;
      const start = performance.now();
      const own = await all[name]?.();
      if (turn > 0) taken.get(name)?.push(own ?? performance.now() - start);
    }
  }
  const of = (name: string): number[] => taken.get(name) ?? [];
  const further = Object.fromEntries(Object.keys(others).map((name) => [name, of(name)]));
  return {
    berth: of('berth'),
    peer: of('peer'),
    ...(Object.keys(others).length > 0 && { others: further }),
    load: [before, loadavg()[0] ?? 0],
  };
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? upper) + upper) / 2;
}
