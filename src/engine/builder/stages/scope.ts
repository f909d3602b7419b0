import { expand, type Expanded } from '#dockerfile/expand.ts';
import type { ArgInstruction } from '#dockerfile/instruction.ts';
import type { Program } from '#dockerfile/program.ts';
import { InvalidArgumentError } from '#lib/errors.ts';
import { hostPlatform } from '#engine/images/host-platform.ts';
import { formatPlatform, type Platform } from '#oci/platform.ts';

/** Arguments that every build takes without an ARG line, and that leave no trace in keys and history. */
const PREDEFINED = ['HTTP_PROXY', 'HTTPS_PROXY', 'FTP_PROXY', 'NO_PROXY', 'ALL_PROXY'].flatMap((name) => [
  name,
  name.toLowerCase(),
]);

/** The variables that a place in a Dockerfile sees. */
export interface Scope {
  /** One word with variables replaced and quotes removed. @throws {InvalidArgumentError} */
  expand(text: string): string;
  /** Split into words after that. */
  expandWords(text: string): string[];
  /** ARG. */
  declare(instruction: ArgInstruction): void;
  setEnv(name: string, value: string): void;
  /** All that is visible here. */
  variables(): ReadonlyMap<string, string>;
  /** Variables of ARG lines that ENV does not hide, sorted by name: they are part of a RUN step. */
  args(): [name: string, value: string][];
  /** The predefined ones that were passed and that no ARG line names. */
  hidden(): [name: string, value: string][];
}

/** Build arguments, and which of them were asked for. */
export interface BuildArgs {
  passed: ReadonlyMap<string, string>;
  /** Names that an ARG line has. */
  consumed: Set<string>;
}

interface State {
  escape: string;
  args: Map<string, string>;
  env: Map<string, string>;
  /** Values of ARG before FROM, and of the platform. */
  global: ReadonlyMap<string, string>;
  build: BuildArgs;
}

function createScope(state: State): Scope {
  const { args, env, global, build, escape } = state;
  const hidden = (): [string, string][] =>
    [...build.passed].filter(([name]) => PREDEFINED.includes(name) && !args.has(name) && !env.has(name));
  const expanded = (text: string): Expanded => {
    try {
      return expand(text, variables(), { escape });
    } catch (error) {
      if (!(error instanceof InvalidArgumentError)) throw error;
      throw new InvalidArgumentError(`failed to process ${JSON.stringify(text)}: ${error.message}`, { cause: error });
    }
  };
  const variables = (): Map<string, string> => new Map([...hidden(), ...args, ...env]);
  return {
    expand: (text) => expanded(text).word,
    expandWords: (text) => expanded(text).words,
    declare(instruction) {
      for (const { name: written, value } of instruction.args) {
        const name = expanded(written).word;
        build.consumed.add(name);
        const given = build.passed.get(name) ?? (value === undefined ? global.get(name) : expanded(value).word);
        if (given === undefined) args.delete(name);
        else args.set(name, given);
      }
    },
    variables,
    setEnv: (name, value) => void env.set(name, value),
    args: () => [...args].filter(([name]) => !env.has(name)).toSorted(([a], [b]) => (a < b ? -1 : 1)),
    hidden,
  };
}

/** What FROM lines see: the arguments before them and the platform. */
export function globalScope(
  program: Program,
  passed: ReadonlyMap<string, string>,
  target: Platform,
): Scope & { build: BuildArgs; values: ReadonlyMap<string, string> } {
  const build: BuildArgs = { passed, consumed: new Set() };
  const args = new Map<string, string>();
  const platform = platformArgs(target);
  const scope = createScope({
    escape: program.directives.escape,
    args,
    env: new Map(platform),
    global: platform,
    build,
  });
  for (const instruction of program.globalArgs) scope.declare(instruction);
  return {
    ...scope,
    build,
    get values() {
      return new Map([...platform, ...args]);
    },
  };
}

/** What the instructions of a stage see. */
export function stageScope(
  { build, values, escape }: { build: BuildArgs; values: ReadonlyMap<string, string>; escape: string },
  { env, inherited }: { env: readonly string[]; inherited: readonly (readonly [string, string])[] },
): Scope {
  const pairs = env.map((entry): [string, string] => {
    const equals = entry.indexOf('=');
    return equals < 0 ? [entry, ''] : [entry.slice(0, equals), entry.slice(equals + 1)];
  });
  return createScope({ escape, args: new Map(inherited), env: new Map(pairs), global: values, build });
}

function platformArgs(target: Platform): Map<string, string> {
  return new Map([...platformValues('TARGET', target), ...platformValues('BUILD', hostPlatform())]);
}

function platformValues(side: string, platform: Platform): [string, string][] {
  const { os, architecture, variant = '' } = platform;
  return [
    [`${side}PLATFORM`, formatPlatform(platform)],
    [`${side}OS`, os],
    [`${side}ARCH`, architecture],
    [`${side}VARIANT`, variant],
  ];
}
