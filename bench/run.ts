import { mkdir, writeFile } from 'node:fs/promises';
import { cpus, release } from 'node:os';
import { parseArgs } from 'node:util';
import { type Comparison, median } from './support/measure.ts';
import { type Ends, openEnds } from './support/ends.ts';
import { type EngineName, PEERS } from './support/image-engines.ts';

/** Benchmarks by name; each file exports `bench(ends)`. */
const BENCHMARKS: Readonly<Record<string, () => Promise<{ bench(ends: Ends): Promise<Comparison[]> }>>> = {
  'run-true': () => import('./run-true.ts'),
  'build-iris': () => import('./build-iris.ts'),
  build: () => import('./build.ts'),
  'build-packages': () => import('./build-packages.ts'),
  start: () => import('./start.ts'),
  memory: () => import('./memory.ts'),
  list: () => import('./list.ts'),
};

async function main(names: readonly string[]): Promise<number> {
  const unknown = names.filter((name) => !(name in BENCHMARKS));
  if (unknown.length > 0) {
    console.error(`no benchmark called ${unknown.join(', ')}; there are ${Object.keys(BENCHMARKS).join(', ')}`);
    return 2;
  }
  await using ends = await openEnds();
  if (ends === undefined) return 1;
  await mkdir('bench/results', { recursive: true });
  const all: Comparison[] = [];
  for (const name of names.length > 0 ? names : Object.keys(BENCHMARKS)) {
    const results = (await (await BENCHMARKS[name]?.())?.bench(ends)) ?? [];
    all.push(...results);
    const machine = { cpus: cpus().length, model: cpus()[0]?.model ?? '', kernel: release() };
    const record = { date: new Date().toISOString(), machine, peer: `Docker ${ends.peer.version}`, results };
    await writeFile(`bench/results/${name}.json`, `${JSON.stringify(record, null, 2)}\n`);
  }
  console.log(table(all, ends.peer.version));
  return 0;
}

function table(results: readonly Comparison[], version: string): string {
  const others = [...new Set(results.flatMap((result) => Object.keys(result.others ?? {})))];
  const header = ['benchmark', 'Berth', `Docker ${version}`, 'Berth / Docker', ...others, 'runs', 'load'];
  const rows = results.map((result) => {
    const { name, unit, berth, peer, load } = result;
    const [ours, theirs] = [median(berth), median(peer)];
    const further = others.map((other) => shown(result.others?.[other], unit));
    const cells = [shown(berth, unit), shown(peer, unit), (ours / theirs).toFixed(3), ...further];
    return [name, ...cells, String(berth.length), load.map((value) => value.toFixed(2)).join(' → ')];
  });
  const widths = header.map((title, column) => Math.max(title.length, ...rows.map((row) => row[column]?.length ?? 0)));
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell, i) => cell.padEnd(widths[i] ?? 0)).join(' | ')} |`;
  return [line(header), line(widths.map((width) => '-'.repeat(width))), ...rows.map(line)].join('\n');
}

function shown(values: readonly number[] | undefined, unit: string): string {
  return values === undefined ? '' : `${median(values).toFixed(1)} ${unit}`;
}

/** `images` takes long and has engines of its own, so it runs only when it is named, and alone. */
async function runImages(): Promise<number> {
  const { values } = parseArgs({
    allowPositionals: true,
    options: {
      only: { type: 'string', default: '' },
      add: { type: 'boolean', default: false },
      rounds: { type: 'string', default: '5' },
      engines: { type: 'string', default: 'berth,docker,containerd:2,docker20:1,podman:1' },
    },
  });
  const rounds = new Map<EngineName, number>();
  for (const entry of values.engines.split(',')) {
    const [name = '', count = values.rounds] = entry.split(':');
    if (name !== 'berth' && !(name in PEERS)) {
      console.error(`no engine called ${name}; there are berth, ${Object.keys(PEERS).join(', ')}`);
      return 2;
    }
    rounds.set(name as EngineName, Math.min(Number(count), Number(values.rounds)));
  }
  const { benchImages } = await import('./images.ts');
  return benchImages({ only: values.only.split(',').filter(Boolean), add: values.add, rounds });
}

/** Benchmarks with engines of their own, or with none; each runs only when it is named. */
const APART: Readonly<Record<string, () => Promise<number>>> = {
  images: runImages,
  plan: async () => (await import('./plan.ts')).benchPlan(),
  serving: async () => (await import('./serving.ts')).benchServing(),
};

const apart = APART[process.argv[2] ?? ''];
process.exitCode = apart === undefined ? await main(parseArgs({ allowPositionals: true }).positionals) : await apart();
