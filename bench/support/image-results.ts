import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { cpus, release, totalmem } from 'node:os';
import { type EngineName, PEERS, type PeerName } from './image-engines.ts';
import { OPERATIONS, type Operation, type OperationName } from './image-operations.ts';
import { median } from './measure.ts';

/** One figure of one engine. */
export interface ImageSample {
  operation: OperationName;
  engine: EngineName;
  version: string;
  /** In the operation's unit. */
  value: number;
  /** One-minute load average before the turn. */
  load: number;
  /** What the whole turn took, with everything that is not measured. */
  turnSeconds?: number;
}

interface Figures {
  version: string;
  values: number[];
  load: number[];
  date: string;
}

export interface Results {
  machine: { cpus: number; model: string; kernel: string; memoryGiB: number };
  settings: string;
  /** Seconds of a turn by engine: the first, and the mean of those after it. */
  turnSeconds: Partial<Record<EngineName, [number, number]>>;
  operations: (Operation & { figures: Partial<Record<EngineName, Figures>> })[];
}

const FILE = 'bench/results/images.json';
const SETTINGS =
  'Engines in turns, each turn on ext4 made just now in a loop file of the same disk (direct I/O); the same docker client for all. ' +
  'Image: Debian with Python 3.9 and one layer of 3.3 GB and 68,000 entries (torch, scipy, scikit-learn, opencv …).';
const FALLBACK_SECONDS = 150;

/** Seconds that the turns will take, by what they took last time. */
export async function estimateSeconds(rounds: ReadonlyMap<EngineName, number>): Promise<number> {
  const { turnSeconds } = await readResults();
  return [...rounds].reduce((sum, [name, count]) => {
    const [first, later] = turnSeconds[name] ?? [FALLBACK_SECONDS, FALLBACK_SECONDS];
    return sum + (count > 0 ? first + later * (count - 1) : 0);
  }, 0);
}

/** Puts what was measured in this run in the place of earlier figures of the same operation and engine; with `base`, behind those. */
export async function recordSamples(samples: readonly ImageSample[], base?: Results): Promise<void> {
  const results = await readResults();
  const date = new Date().toISOString();
  const before = (name: OperationName, engine: string): Figures | undefined =>
    base?.operations.find((operation) => operation.name === name)?.figures[engine as EngineName];
  for (const operation of results.operations) {
    const taken = samples.filter((sample) => sample.operation === operation.name);
    for (const [engine, own] of Object.entries(Object.groupBy(taken, (sample) => sample.engine)))
      operation.figures[engine as EngineName] = {
        version: own[0]?.version ?? '',
        values: [...(before(operation.name, engine)?.values ?? []), ...own.map(({ value }) => value)],
        load: [...(before(operation.name, engine)?.load ?? []), ...own.map(({ load }) => load)],
        date,
      };
  }
  for (const [engine, own] of Object.entries(Object.groupBy(samples, (sample) => sample.engine))) {
    const [first = 0, ...later] = new Set(own.map(({ turnSeconds }) => turnSeconds ?? 0));
    const mean = later.length > 0 ? later.reduce((sum, value) => sum + value, 0) / later.length : first;
    results.turnSeconds[engine as EngineName] = [first, mean];
  }
  await mkdir('bench/results', { recursive: true });
  await writeFile(FILE, `${JSON.stringify(results, null, 2)}\n`);
}

/** What was measured up to now. */
export async function readResults(): Promise<Results> {
  const text = await readFile(FILE, 'utf8').catch(() => '{}');
  const before = JSON.parse(text) as Partial<Results>;
  const machine = {
    cpus: cpus().length,
    model: cpus()[0]?.model ?? '',
    kernel: release(),
    memoryGiB: Math.round(totalmem() / 1024 ** 3),
  };
  const operations = OPERATIONS.map((operation) => ({
    ...operation,
    figures: before.operations?.find(({ name }) => name === operation.name)?.figures ?? {},
  }));
  return { machine, settings: SETTINGS, turnSeconds: before.turnSeconds ?? {}, operations };
}

/** All figures as a table: medians, the best peer, what was to be reached and whether it was. */
export async function showTable(): Promise<string> {
  const { operations } = await readResults();
  const names = Object.keys(PEERS) as PeerName[];
  const header = [
    'operation',
    'Berth',
    ...names.map((name) => PEERS[name].title),
    'against the best',
    'goal',
    'reached',
  ];
  const rows = operations.map((operation) => {
    const { figures, goal } = operation;
    const show = (name: EngineName): string => {
      const values = figures[name]?.values ?? [];
      return values.length === 0 ? '' : `${format(median(values), operation.unit)} (${values.length})`;
    };
    const best = Math.min(...names.flatMap((name) => (figures[name] ? [median(figures[name].values)] : [])));
    const verdict = judge(goal, median(figures.berth?.values ?? []), best);
    return [operation.name, show('berth'), ...names.map(show), ...verdict];
  });
  const widths = header.map((title, column) => Math.max(title.length, ...rows.map((row) => row[column]?.length ?? 0)));
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(' | ')} |`;
  return [line(header), line(widths.map((width) => '-'.repeat(width))), ...rows.map(line)].join('\n');
}

function format(value: number, unit: Operation['unit']): string {
  return unit === 'ms' && value >= 1000 ? `${(value / 1000).toFixed(2)} s` : `${value.toFixed(0)} ${unit}`;
}

/** Cells: how we compare, what was to be reached, and whether it was; the comparison alone where there is no goal. */
function judge(goal: Operation['goal'], ours: number, best: number): [string, string, string] {
  const compared = Number.isFinite(best) && Number.isFinite(ours);
  const faster = compared ? `${(best / ours).toFixed(2)}x` : '';
  if (goal === undefined) return [faster, '', ''];
  if (goal.kind === 'below')
    return [faster, `at most ${goal.value}`, Number.isFinite(ours) ? yes(ours <= goal.value) : ''];
  if (!compared) return ['', '', ''];
  if (goal.kind === 'share') return [(ours / best).toFixed(2), `at most ${goal.value}`, yes(ours <= goal.value * best)];
  return [faster, `${goal.value}x`, yes(best >= goal.value * ours)];
}

function yes(reached: boolean): string {
  return reached ? 'yes' : 'no';
}
