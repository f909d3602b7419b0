import { mkdtempDisposable } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as sleep } from 'node:timers/promises';
import { startEngine, type TestEngine } from '../test/support/engine.ts';
import { makeImageArchive } from '../test/support/image-archive.ts';
import { loadArchive } from '../test/support/load-archive.ts';
import { addProblems, type FaultOptions, type FaultReport } from './support.ts';

const LAYERS = [100_000_000, 400_000_000];

/**
 * Measures what it costs to wait for the disk: the time of a load as it is, how long after its success all is on the disk, and the time of
 * a load that waits for that. Medians of all rounds, milliseconds.
 */
export async function durabilityCost(options: FaultOptions): Promise<FaultReport> {
  const { seed, rounds, onRound } = options;
  const report: FaultReport = { rounds, problems: [], counts: {} };
  await using folder = await mkdtempDisposable(join(tmpdir(), 'soak-durable-'));
  await using engine = await startEngine();
  const archive = await makeImageArchive(folder.path, { name: 'large:1', seed, layers: LAYERS });
  const times = { load: [] as number[], durableAfter: [] as number[], loadWithSync: [] as number[] };
  for (let round = 0; round < rounds; round++) {
    onRound?.(round);
    times.load.push(await timed(loadArchive(engine, archive)));
    times.durableAfter.push(await untilDurable(engine));
    await empty(engine);
    times.loadWithSync.push(await timed(loadArchive(engine, archive, { sync: true })));
    if (settling(engine) > 0) addProblems(report, [`round ${round}: a load that waits left layers that were not on the disk`], options); // prettier-ignore
    await empty(engine);
  }
  const bytes = LAYERS.reduce((sum, layer) => sum + layer, 0);
  report.counts = {
    megabytes: Math.round(bytes / 1e6),
    loadMs: median(times.load),
    durableAfterMs: median(times.durableAfter),
    loadWithSyncMs: median(times.loadWithSync),
  };
  return report;
}

/** @returns milliseconds until success is reported */
async function timed(load: Promise<void>): Promise<number> {
  const began = performance.now();
  await load;
  return performance.now() - began;
}

async function untilDurable(engine: TestEngine): Promise<number> {
  const began = performance.now();
  while (settling(engine) > 0) await sleep(10);
  return performance.now() - began;
}

function settling({ dataRoot }: TestEngine): number {
  using database = new DatabaseSync(join(dataRoot, 'engine.db'), { readOnly: true });
  return Number(database.prepare("SELECT count(*) AS n FROM layers WHERE state = 'settling'").get()?.['n']);
}

async function empty(engine: TestEngine): Promise<void> {
  const { code, stderr } = await engine.docker('system', 'prune', '-af');
  if (code !== 0) throw new Error(stderr);
}

function median(values: readonly number[]): number {
  return Math.round(values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0);
}
