import { parseArgs } from 'node:util';
import { fuzz } from './fuzz.ts';
import { TARGETS } from './targets.ts';

const USAGE = `usage: npm run fuzz [-- [--seed N] [--rounds N] [--round N] [target…]]
  --seed    what the inputs are made of; by chance if absent, printed
  --rounds  inputs for each target; a long run if absent
  --round   number of the first input, to see one again: --seed N --round N --rounds 1
targets: ${TARGETS.map(({ name }) => name).join(', ')}`;

/** Feeds each target with many inputs; those that fail are kept in fuzz/failures. */
async function main(): Promise<number> {
  const { positionals, values } = parseArgs({
    allowPositionals: true,
    options: {
      seed: { type: 'string' },
      rounds: { type: 'string' },
      round: { type: 'string' },
      help: { type: 'boolean' },
    },
  });
  const chosen = TARGETS.filter(({ name }) => positionals.length === 0 || positionals.includes(name));
  if (values.help === true || chosen.length < positionals.length) {
    console.error(USAGE);
    return 2;
  }
  const seed = Number(values.seed ?? Math.floor(Math.random() * 2 ** 31));
  let failed = 0;
  for (const target of chosen) {
    const rounds = Number(values.rounds ?? target.rounds);
    console.log(`${target.name}: seed ${seed}, ${rounds} rounds`);
    const { taken, refused, problems } = await fuzz(target, {
      seed,
      rounds,
      first: Number(values.round ?? 0),
      folder: 'fuzz/failures',
      onRound: (round) => void (round > 0 && round % 1000 === 0 && console.error(`${target.name}: round ${round}`)),
      onProblem: (problem) => console.log(problem),
    });
    console.log(`${target.name}: ${taken} taken, ${refused} refused, ${problems.length} problems`);
    failed += problems.length;
  }
  return failed === 0 ? 0 : 1;
}

process.exitCode = await main();
