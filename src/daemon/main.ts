import { BerthError, InvalidArgumentError } from '#lib/errors.ts';
import { VERSION } from '#lib/version.ts';
import { purge } from './purge-engine.ts';
import { runEngine } from './run-engine.ts';
import { usage } from './usage.ts';

const EXIT_FAILURE = 1;
const EXIT_USAGE = 2;

const VERBS: Readonly<Record<string, (args: readonly string[]) => Promise<void>>> = {
  'engine run': runEngine,
  'engine purge': purge,
};

/** Entry of the `berthd` bundle: what failed, why and what to do, a line each; the exit code tells usage from failure. */
async function main(words: readonly string[]): Promise<number> {
  if (words.includes('--version') || words.includes('-v')) return print(`berthd ${VERSION}\n`);
  if (words.includes('--help') || words.includes('-h')) return print(usage());
  try {
    const verb = VERBS[words.slice(0, 2).join(' ')];
    if (verb === undefined)
      throw new InvalidArgumentError(`unknown verb: ${words.slice(0, 2).join(' ') || '(none)'}`, {
        hint: 'berthd engine run --help',
      });
    await verb(words.slice(2));
    return 0;
  } catch (error) {
    process.stderr.write(describe(error));
    return error instanceof InvalidArgumentError ? EXIT_USAGE : EXIT_FAILURE;
  }
}

function print(text: string): number {
  process.stdout.write(text);
  return 0;
}

function describe(error: unknown): string {
  if (!(error instanceof BerthError))
    return `berthd: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`;
  const lines = [`berthd: ${error.message}`];
  if (error.why !== undefined) lines.push(`  why: ${error.why}`);
  if (error.hint !== undefined) lines.push(`  fix: ${error.hint}`);
  return `${lines.join('\n')}\n`;
}

// A handle that somebody forgot must not keep an engine alive that has let go of its folders.
process.exit(await main(process.argv.slice(2)));
