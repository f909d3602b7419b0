import { expand, type Expanded } from '#dockerfile/expand.ts';
import type { ArgInstruction } from '#dockerfile/instruction.ts';
import type { Program } from '#dockerfile/program.ts';
import { InvalidArgumentError } from '#lib/errors.ts';
import { hostPlatform } from '#engine/images/host-platform.ts';
import { formatPlatform, type Platform } from '#oci/platform.ts';

/** Arguments that every build takes without an ARG line: programs find them in both cases, keys and history do not have them. */
const PROXIES = ['HTTP_PROXY', 'HTTPS_PROXY', 'FTP_PROXY', 'NO_PROXY', 'ALL_PROXY'];

/** Arguments about the build itself: no process sees them. */
const NOT_IN_ENVIRONMENT = ['BUILDKIT_SBOM_SCAN_CONTEXT', 'BUILDKIT_SBOM_SCAN_STAGE'];

/** The variables that a place in a Dockerfile sees. */
export interface Scope {
  /** One word with variables replaced and quotes removed. @throws {InvalidArgumentError} */
  expand(text: string): string;
  /** Split into words after that. */
  expandWords(text: string): string[];
  /** ARG. @returns the arguments with the values they have now */
  declare(instruction: ArgInstruction): { name: string; value: string | undefined }[];
  setEnv(name: string, value: string): void;
  /** All that is visible here: of ARG and ENV, what stands later holds. */
  variables(): ReadonlyMap<string, string>;
  /** All of ARG lines, in their order, with the values that hold: they are part of a RUN step. */
  args(): [name: string, value: string][];
  /** The predefined ones that were passed and that no line names. */
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
  /** Of ARG lines; undefined without a value. */
  args: Map<string, string | undefined>;
  variables: Map<string, string>;
  /** Values of ARG before FROM, and of the platform. */
  global: ReadonlyMap<string, string>;
  build: BuildArgs;
}

function createScope(state: State): Scope {
  const { args, variables, global, build, escape } = state;
  const expanded = (text: string): Expanded => {
    try {
      return expand(text, variables, { escape });
    } catch (error) {
      if (!(error instanceof InvalidArgumentError)) throw error;
      throw new InvalidArgumentError(`failed to process ${JSON.stringify(text)}: ${error.message}`, { cause: error });
    }
  };
  return {
    expand: (text) => expanded(text).word,
    expandWords: (text) => expanded(text).words,
    declare: (instruction) =>
      instruction.args.map(({ name: written, value: fallback }) => {
        const name = expanded(written).word;
        build.consumed.add(name);
        const value = build.passed.get(name) ?? (fallback === undefined ? global.get(name) : expanded(fallback).word);
        args.set(name, value);
        if (value !== undefined && !NOT_IN_ENVIRONMENT.includes(name)) variables.set(name, value);
        return { name, value };
      }),
    variables: () => variables,
    setEnv: (name, value) => void variables.set(name, value),
    args: () => [...args].map(([name, value]) => [name, variables.get(name) ?? value ?? '']),
    hidden: () =>
      PROXIES.flatMap((name) => {
        const value = build.passed.get(name) ?? build.passed.get(name.toLowerCase());
        return value === undefined ? [] : [name, name.toLowerCase()].map((key): [string, string] => [key, value]);
      }).filter(([name]) => !variables.has(name)),
  };
}

/** What FROM lines see: the arguments before them and the platform. */
export function globalScope(
  program: Program,
  { target, buildArgs }: { target: string; buildArgs: ReadonlyMap<string, string> },
  platform: Platform,
): Scope & { build: BuildArgs; values: ReadonlyMap<string, string> } {
  const build: BuildArgs = { passed: buildArgs, consumed: new Set() };
  const own = new Map(
    platformArgs(program, { target, platform }).map(([name, value]) => [name, buildArgs.get(name) ?? value] as const),
  );
  const variables = new Map(own);
  const { escape } = program.directives;
  const scope = createScope({ escape, args: new Map(), variables, global: own, build });
  for (const instruction of program.globalArgs) scope.declare(instruction);
  return { ...scope, build, values: variables };
}

/** What a stage begins with. */
export interface StageVariables {
  /** ENV of what it begins with. */
  env: readonly string[];
  /** Scope of the stage that it begins with. */
  before?: Scope | undefined;
}

/** What the instructions of a stage see. */
export function stageScope(
  { build, values, escape }: { build: BuildArgs; values: ReadonlyMap<string, string>; escape: string },
  { env, before }: StageVariables,
): Scope {
  const pairs = env.map((entry): [string, string] => {
    const equals = entry.indexOf('=');
    return equals < 0 ? [entry, ''] : [entry.slice(0, equals), entry.slice(equals + 1)];
  });
  const variables = new Map([...(before?.variables() ?? []), ...pairs]);
  return createScope({ escape, args: new Map(before?.args()), variables, global: values, build });
}

function platformArgs(
  program: Program,
  { target, platform }: { target: string; platform: Platform },
): [string, string][] {
  const last = program.stages.at(-1)?.from.name;
  return [
    ...platformValues('BUILD', hostPlatform()),
    ...platformValues('TARGET', platform),
    ['TARGETSTAGE', target === '' ? (last ?? 'default') : target],
  ];
}

function platformValues(side: string, platform: Platform): [string, string][] {
  const { os, architecture, variant = '' } = platform;
  return [
    [`${side}PLATFORM`, formatPlatform(platform)],
    [`${side}OS`, os],
    [`${side}OSVERSION`, platform['os.version'] ?? ''],
    [`${side}ARCH`, architecture],
    [`${side}VARIANT`, variant],
  ];
}
