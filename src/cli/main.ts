import { CancelledError } from '#lib/errors.ts';
import { VERSION } from '#lib/version.ts';
import type { Command, GlobalSettings, Input } from './command.ts';
import { type Found, findCommand } from './commands.ts';
import { createContext } from './context.ts';
import { openOutput, type Output } from './output/output.ts';
import type { OptionTable } from './options.ts';
import { parseOptions, suggest, UsageError } from './parse-options.ts';

const EXIT_FAILURE = 1;
const EXIT_USAGE = 125;
const EXIT_CANCELLED = 130;

const GLOBAL_OPTIONS = {
  host: { kind: 'text', short: 'H', help: 'engine' },
  tlscacert: { kind: 'text', help: 'certificate authority' },
  tlscert: { kind: 'text', help: 'certificate' },
  tlskey: { kind: 'text', help: 'key' },
  tls: { kind: 'flag', help: 'use TLS' },
  tlsverify: { kind: 'flag', help: 'use TLS' },
  help: { kind: 'flag', short: 'h', help: 'help' },
  version: { kind: 'flag', short: 'v', help: 'version' },
} as const satisfies OptionTable;

/** Runs one command line. @returns the exit code */
async function main(args: readonly string[], output: Output): Promise<number> {
  const { options, words } = parseOptions(GLOBAL_OPTIONS, args, { stopAtFirstWord: true });
  if (options.version) return print(output, `berth version ${VERSION}`);
  const asksHelp = options.help || words[0] === 'help';
  const rest = words[0] === 'help' ? words.slice(1) : words;
  if (rest.length === 0) {
    const { programHelp } = await import('./help.ts');
    return print(output, programHelp());
  }
  if (rest[0] === '__complete') {
    const { complete } = await import('./complete.ts');
    return print(output, (await complete(rest.slice(1))).join('\n'));
  }
  const found = findCommand(rest);
  if (found.kind === 'unknown') throw unknownCommand(found);
  if (found.kind === 'group') {
    const { groupHelp } = await import('./help.ts');
    return print(output, groupHelp(found.name, found.group));
  }
  const settings: GlobalSettings = { host: options.host, tls: tlsPaths(options) };
  return runCommand(found, { settings, output, asksHelp });
}

interface Call {
  settings: GlobalSettings;
  output: Output;
  asksHelp: boolean;
}

async function runCommand(
  found: Extract<Found, { kind: 'command' }>,
  { settings, output, asksHelp }: Call,
): Promise<number> {
  const command = await found.entry.load();
  const input = readInput(found, command);
  if (asksHelp || input.options['help'] === true) {
    const { commandHelp } = await import('./help.ts');
    return print(output, commandHelp(found.name, found.entry, command));
  }
  checkWords(found.name, command, input.words.length);
  const context = createContext(settings, output);
  try {
    return await command.run(context, input);
  } finally {
    context.close();
  }
}

/** `-h` is help too, where the command has no other use for it. */
function readInput({ name, rest }: { name: string; rest: readonly string[] }, command: Command): Input {
  if (command.passThrough === true) return { ...parseOptions(command.options, []), words: rest };
  const letters = new Set(Object.values(command.options).map(({ short }) => short));
  const help = { kind: 'flag', help: '', ...(!letters.has('h') && { short: 'h' }) } as const;
  try {
    const table: OptionTable = { ...command.options, help };
    return parseOptions(table, rest, { stopAtFirstWord: command.stopAtFirstWord });
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    throw new UsageError(error.message, { why: error.why ?? '', hint: error.hint ?? `berth ${name} --help` });
  }
}

function checkWords(name: string, { words, usage }: Command, count: number): void {
  if (count >= words.min && count <= (words.max ?? Infinity)) return;
  const wanted =
    words.max === words.min ? `${words.min}` : count < words.min ? `at least ${words.min}` : `at most ${words.max}`;
  throw new WordsError(
    `berth ${name} takes ${wanted} argument${wanted.endsWith(' 1') || wanted === '1' ? '' : 's'}, not ${count}`,
    {
      why: `usage: berth ${name} ${usage}`,
      hint: `berth ${name} --help`,
    },
  );
}

/** Docker ends with 1 here, and with 125 for options it does not know. */
class WordsError extends UsageError {}

function unknownCommand({ word, candidates }: Extract<Found, { kind: 'unknown' }>): WordsError {
  const nearest = suggest(word, candidates);
  return new WordsError(`unknown command: berth ${word}`, {
    hint: nearest === undefined ? 'berth --help lists all commands' : `did you mean berth ${nearest}?`,
  });
}

function tlsPaths(options: {
  tlscacert: string | undefined;
  tlscert: string | undefined;
  tlskey: string | undefined;
  tls: boolean;
  tlsverify: boolean;
}): GlobalSettings['tls'] {
  const { tlscacert, tlscert, tlskey } = options;
  if (tlscacert === undefined && tlscert === undefined && tlskey === undefined && !options.tls && !options.tlsverify)
    return undefined;
  return {
    ...(tlscacert !== undefined && { authority: tlscacert }),
    ...(tlscert !== undefined && { certificate: tlscert }),
    ...(tlskey !== undefined && { key: tlskey }),
  };
}

function print(output: Output, text: string): number {
  output.line(text);
  return 0;
}

function exitCodeOf(error: unknown): number {
  if (error instanceof CancelledError) return EXIT_CANCELLED;
  return error instanceof UsageError && !(error instanceof WordsError) ? EXIT_USAGE : EXIT_FAILURE;
}

const output = openOutput();
const exitCode = await main(process.argv.slice(2), output).catch((error: unknown) => {
  output.problem(error);
  return exitCodeOf(error);
});
// An open standard input or connection must not hold a command that is done.
process.exit(exitCode);
