import { InvalidArgumentError } from '#lib/errors.ts';
import { expand, type Variables } from './expand.ts';
import type { Program } from './program.ts';

/** What a Dockerfile is read for. */
export interface Reading {
  /** Name or index of the stage to end with; the last one if absent or empty. */
  target?: string;
  buildArgs?: ReadonlyMap<string, string>;
  /** Platform of the result; `linux/amd64` if absent. */
  platform?: PlatformNames;
  /** Platform of the machine that builds; that of the result if absent. */
  buildPlatform?: PlatformNames;
}

export interface PlatformNames {
  os: string;
  architecture: string;
  variant?: string;
}

/** A variable that is known before the first FROM. */
export interface GlobalArg {
  name: string;
  value: string | undefined;
  description: string;
  /** Variables that its default uses. */
  uses: readonly string[];
  line: number;
  endLine: number;
}

/** What FROM lines see. */
export interface GlobalArgs {
  /** By name, as the file declares them. */
  declared: ReadonlyMap<string, GlobalArg>;
  /** Declared ones that have a value, and those of the platform. */
  variables: Variables;
}

const USUAL: PlatformNames = { os: 'linux', architecture: 'amd64' };

/** The arguments before the first FROM, with what was passed for them. A default that cannot be read has no value. */
export function globalArgs(program: Program, reading: Reading = {}): GlobalArgs {
  const variables = new Map(platformVariables(program, reading));
  const declared = new Map<string, GlobalArg>();
  for (const { args, node } of program.globalArgs)
    for (const { name, value: written } of args) {
      const { escape } = program.directives;
      const { word } = expandOrNothing(written ?? '', variables, escape);
      const uses = referencedNames(written ?? '', escape);
      const value = reading.buildArgs?.get(name) ?? (written === undefined ? variables.get(name) : word);
      const description = descriptionOf(node.comments, name);
      declared.set(name, { name, value, description, uses, line: node.line, endLine: node.endLine });
      if (value !== undefined) variables.set(name, value);
      else variables.delete(name);
    }
  return { declared, variables };
}

/** A text with variables replaced; nothing for one that is broken. */
export function expandOrNothing(
  text: string,
  variables: Variables,
  escape: string,
): { word: string; unset: string[]; missing: string[]; isBroken: boolean } {
  try {
    return { ...expand(text, variables, { escape }), isBroken: false };
  } catch (error) {
    if (!(error instanceof InvalidArgumentError)) throw error;
    return { word: '', unset: [], missing: [], isBroken: true };
  }
}

/** Names of the variables in a text. */
export function referencedNames(text: string, escape: string): string[] {
  return text.includes('$') ? expandOrNothing(text, new Map(), escape).unset : [];
}

/** What the comments above an instruction say about a name: `# name what it is for`. */
export function descriptionOf(comments: readonly string[], name: string): string {
  const line = name === '' ? undefined : comments.find((comment) => comment.startsWith(`${name} `));
  return line?.slice(name.length + 1) ?? '';
}

function platformVariables(program: Program, reading: Reading): [string, string][] {
  const { platform = USUAL } = reading;
  const { buildPlatform = platform } = reading;
  const last = program.stages.at(-1)?.from.name;
  const target = reading.target === undefined || reading.target === '' ? (last ?? 'default') : reading.target;
  return [...namesOf('TARGET', platform), ...namesOf('BUILD', buildPlatform), ['TARGETSTAGE', target]];
}

function namesOf(side: string, { os, architecture, variant = '' }: PlatformNames): [string, string][] {
  return [
    [`${side}PLATFORM`, [os, architecture, variant].filter((part) => part !== '').join('/')],
    [`${side}OS`, os],
    [`${side}ARCH`, architecture],
    [`${side}VARIANT`, variant],
  ];
}
