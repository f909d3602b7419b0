import type { Client } from '#client/transport.ts';
import type { Output } from './output/output.ts';
import type { OptionTable, OptionValues } from './options.ts';

/** What a command gets to work with. */
export interface Context {
  /** The engine; started first when it is this host's own, nobody listens and we are root. */
  client: () => Promise<Client>;
  output: Output;
  /** Aborts at the first Ctrl-C or SIGTERM; from the first look at it on these no longer end the program by themselves. */
  readonly signal: AbortSignal;
  /** Settings that hold for every command. */
  settings: GlobalSettings;
}

/** Options before the command's name, and their variables. */
export interface GlobalSettings {
  /** Address of the engine; undefined = this host's own. */
  host: string | undefined;
  tls: { authority?: string; certificate?: string; key?: string } | undefined;
}

/** One command: how it is called, and what it does. */
export interface Command {
  /** After the command's name: `[options] IMAGE [COMMAND] [ARG...]`. */
  usage: string;
  /** More about it, for `--help`. */
  details?: string;
  options: OptionTable;
  /** How many words it takes besides options; no limit without `max`. */
  words: { min: number; max?: number };
  /** Words after the first one that is no option belong to another program. */
  stopAtFirstWord?: boolean;
  /** Takes all words as they are: another program reads its options. */
  passThrough?: boolean;
  /** @returns the exit code */
  run(context: Context, input: Input): Promise<number>;
}

/** What was typed after a command's name. */
export interface Input<Options extends OptionTable = OptionTable> {
  options: OptionValues<Options>;
  words: readonly string[];
}

/** A command whose options are typed by its table. */
export interface TypedCommand<Options extends OptionTable> extends Omit<Command, 'options' | 'run'> {
  options: Options;
  run(context: Context, input: Input<Options>): Promise<number>;
}

/** Ties a command's options to what its `run` sees. */
export function defineCommand<const Options extends OptionTable>(command: TypedCommand<Options>): Command {
  return command;
}
