import { InvalidArgumentError } from '#lib/errors.ts';
import { isTable, parseToml, type Toml, tomlAt } from '../toml.ts';

/** A package at the version that an install came to. */
export interface LockedPackage {
  name: string;
  version: string;
  /** Of the archive it came from, hexadecimal. */
  sha256?: string | undefined;
  /** A URL that the install names itself; of conda the build. */
  origin?: string | undefined;
}

/** Kinds of packages, in the order in which they are written. */
export const LOCKED_KINDS = ['python', 'conda', 'apt'] as const;

/** What one RUN came to. */
export type Resolution = Readonly<Record<(typeof LOCKED_KINDS)[number], readonly LockedPackage[]>>;

/** A RUN and what it came to. */
export interface LockedStep extends Resolution {
  /** Name of the stage, or its number. */
  stage: string;
  platform: string;
  /** As it is written in the Dockerfile, behind RUN. */
  command: string;
}

const HEAD = [
  '# What installs came to that leave versions open. Written by `berth build`; `berth build --locked` holds to it.',
  'version = 1',
];
const VERSION = 1;

/** The text of a build.lock; the same for the same steps. */
export function formatBuildLock(steps: readonly LockedStep[]): string {
  const blocks = steps.map(({ stage, platform, command, ...resolution }) =>
    [
      '[[step]]',
      `stage = ${JSON.stringify(stage)}`,
      `platform = ${JSON.stringify(platform)}`,
      `command = ${JSON.stringify(command)}`,
      ...LOCKED_KINDS.flatMap((kind) => formatList(kind, resolution[kind])),
    ].join('\n'),
  );
  return `${[HEAD.join('\n'), ...blocks].join('\n\n')}\n`;
}

function formatList(kind: string, packages: readonly LockedPackage[]): string[] {
  if (packages.length === 0) return [];
  const lines = packages.map((locked) => `  ${JSON.stringify(formatPackage(locked))},`).toSorted();
  return [`${kind} = [`, ...lines, ']'];
}

function formatPackage({ name, version, sha256, origin }: LockedPackage): string {
  return [
    `${name}==${version}`,
    ...(origin === undefined || origin === '' ? [] : [`@ ${origin}`]),
    ...(sha256 === undefined ? [] : [`sha256:${sha256}`]),
  ].join(' ');
}

/** @throws {InvalidArgumentError} for what is no build.lock, or one of a later version */
export function parseBuildLock(text: string): LockedStep[] {
  const root = parseToml(text);
  if (root['version'] !== VERSION)
    throw new InvalidArgumentError(`build.lock has version ${JSON.stringify(root['version']) ?? 'none'}`, {
      why: `this is written and read as version ${VERSION}`,
      hint: 'build once without --locked to write it anew',
    });
  const steps = root['step'] ?? [];
  if (!Array.isArray(steps)) throw broken('step is no list of tables');
  return steps.map((step) => {
    if (!isTable(step)) throw broken('a step is no table');
    const textOf = (name: string): string => {
      const value = tomlAt(step, name);
      if (typeof value !== 'string') throw broken(`a step has no ${name}`);
      return value;
    };
    const [python = [], conda = [], apt = []] = LOCKED_KINDS.map((kind) => parseList(step[kind]));
    return { stage: textOf('stage'), platform: textOf('platform'), command: textOf('command'), python, conda, apt };
  });
}

function parseList(value: Toml | undefined): LockedPackage[] {
  if (value === undefined) return [];
  if (!Array.isArray(value)) throw broken('packages are no list');
  return value.map((entry) => {
    const [, name, version, origin, sha256] =
      /^([^\s=]+)==(\S+)(?: @ (\S+))?(?: sha256:([0-9a-f]+))?$/.exec(typeof entry === 'string' ? entry : '') ?? [];
    if (name === undefined || version === undefined) throw broken(`${JSON.stringify(entry)} is no package`);
    return { name, version, ...(origin !== undefined && { origin }), ...(sha256 !== undefined && { sha256 }) };
  });
}

function broken(why: string): InvalidArgumentError {
  return new InvalidArgumentError('build.lock cannot be read', {
    why,
    hint: 'build once without --locked to write it anew',
  });
}

/** Lines that hold pip and uv to the versions; what is installed from a URL names its version itself. */
export function constraintsOf({ python }: Resolution): string[] {
  return python.filter(({ origin }) => origin === undefined).map(({ name, version }) => `${name}==${version}`);
}

/** Settings that hold apt to the versions (apt_preferences(5)). */
export function aptPreferencesOf({ apt }: Resolution): string {
  return apt.map(({ name, version }) => `Package: ${name}\nPin: version ${version}\nPin-Priority: 1001\n`).join('\n');
}

/** How a resolution departs from the one it should be, in words. */
export function departuresFrom(locked: Resolution, found: Resolution): string[] {
  return LOCKED_KINDS.flatMap((kind) => {
    const versions = new Map(locked[kind].map(({ name, version }) => [name, version]));
    return found[kind].flatMap(({ name, version }) => {
      const wanted = versions.get(name);
      if (wanted === undefined) return [`${name} ${version} is installed and not in build.lock`];
      return wanted === version ? [] : [`${name} ${version} is installed, build.lock has ${wanted}`];
    });
  });
}
