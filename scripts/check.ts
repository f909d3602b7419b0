import { spawn } from 'node:child_process';
import { once } from 'node:events';

/** What `npm run check` runs, in an order that tells the cheap and frequent faults first. Two at a time. */
const STEPS: readonly (readonly [name: string, command: readonly [string, ...string[]]])[] = [
  ['types', ['tsc', '--noEmit']],
  ['lint', ['oxlint', '--type-aware']],
  ['format', ['oxfmt', '--check']],
  ['unused', ['knip']],
  ['facts', ['node', 'scripts/facts.ts']],
  ['unit', ['vitest', 'run', '--project', 'unit', '--reporter=dot', '--silent=passed-only']],
];

async function step(name: string, [program, ...args]: readonly [string, ...string[]]): Promise<boolean> {
  const start = performance.now();
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => (output += text));
  const [code] = (await once(child, 'close')) as [number | null];
  console.log(`${code === 0 ? 'ok  ' : 'FAIL'} ${name.padEnd(8)} ${((performance.now() - start) / 1000).toFixed(1)} s`);
  if (code !== 0) console.log(output.trimEnd());
  return code === 0;
}

const waiting = [...STEPS];
const results: boolean[] = [];
async function worker(): Promise<void> {
  for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) results.push(await step(...next));
}
await Promise.all([worker(), worker()]);
process.exitCode = results.every(Boolean) ? 0 : 1;
