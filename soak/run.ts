import { mkdir, writeFile } from 'node:fs/promises';
import { release } from 'node:os';
import { parseArgs } from 'node:util';
import type { FaultOptions, FaultReport } from './support.ts';

/** Long fault runs by name, with the rounds of a full run. */
const RUNS: Readonly<
  Record<string, { rounds: number; load(): Promise<(options: FaultOptions) => Promise<FaultReport>> }>
> = {
  'kill-engine': { rounds: 200, load: async () => (await import('./kill-engine.ts')).killEngine },
  'kill-builds': { rounds: 100, load: async () => (await import('./kill-builds.ts')).killBuilds },
  'kill-images': { rounds: 100, load: async () => (await import('./kill-images.ts')).killImages },
  'power-cut': { rounds: 50, load: async () => (await import('./power-cut.ts')).cutPower },
  'power-cut-unordered': { rounds: 50, load: async () => (await import('./power-cut.ts')).cutPowerUnordered },
  'durability-cost': { rounds: 5, load: async () => (await import('./durability-cost.ts')).durabilityCost },
  'corrupt-images': { rounds: 86, load: async () => (await import('./corrupt-images.ts')).corruptImages },
  'full-disk': { rounds: 40, load: async () => (await import('./full-disk.ts')).fillDisk },
  'race-copies': { rounds: 2000, load: async () => (await import('./race-copies.ts')).raceCopies },
  'fuzz-api': { rounds: 5000, load: async () => (await import('./fuzz-api.ts')).fuzzApi },
  projects: { rounds: 18, load: async () => (await import('./projects.ts')).serveProjects },
  'many-containers': { rounds: 500, load: async () => (await import('./many-containers.ts')).manyContainers },
};

async function main(): Promise<number> {
  const { positionals, values } = parseArgs({
    allowPositionals: true,
    options: { seed: { type: 'string' }, rounds: { type: 'string' } },
  });
  const seed = Number(values.seed ?? Math.floor(Math.random() * 2 ** 31));
  await mkdir('soak/results', { recursive: true });
  let failed = 0;
  for (const name of positionals.length > 0 ? positionals : Object.keys(RUNS)) {
    const entry = RUNS[name];
    if (entry === undefined) {
      console.error(`no fault run called ${name}; there are ${Object.keys(RUNS).join(', ')}`);
      return 2;
    }
    const rounds = Number(values.rounds ?? entry.rounds);
    const onRound = (round: number): void =>
      void (round % 10 === 0 && console.error(`${name}: round ${round} of ${rounds}`));
    const onProblem = (problem: string): void => console.error(`${name}: ${problem}`);
    const report = await (await entry.load())({ seed, rounds, onRound, onProblem });
    const record = { name, date: new Date().toISOString(), seed, kernel: release(), ...report };
    await writeFile(`soak/results/${name}.json`, `${JSON.stringify(record, null, 2)}\n`);
    console.log(`${name}: ${rounds} rounds, seed ${seed}, ${report.problems.length} problems`);
    for (const problem of report.problems) console.log(`  ${problem}`);
    failed += report.problems.length;
  }
  return failed === 0 ? 0 : 1;
}

process.exitCode = await main();
