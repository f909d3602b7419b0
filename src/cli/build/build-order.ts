import { randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import type { BuildOrder, OrderedContext, OrderedPlace } from '#api/build-order.ts';
import type { RegistryAuth } from '#api/auth-header.ts';
import type { RunLimits } from '#api/run-limits.ts';
import { NotFoundError } from '#lib/errors.ts';
import { nanoCpus } from '../container/create-body.ts';
import { parseBytes, parsePairs, parseUlimit } from '../container/values.ts';
import { GIVEN } from '../options.ts';
import { UsageError } from '../parse-options.ts';
import { type BuildSource, findFolder } from './build-source.ts';
import { attestations, buildArguments, parseCache, parseOutput, readSecrets, sshAgents } from './build-values.ts';
import type { BuildOptions } from './options.ts';

/** Period that a CPU quota refers to, microseconds. */
const CPU_PERIOD = 100_000;

/** The order that options stand for. @throws {UsageError} {NotFoundError} */
export async function writeOrder(
  options: BuildOptions,
  source: BuildSource,
  credentials: Readonly<Record<string, RegistryAuth>>,
): Promise<BuildOrder> {
  const { dockerfile } = source;
  const locked = await readLock(options.locked);
  return {
    ref: randomUUID(),
    context: contextOf(source),
    dockerfile: {
      name: options.file !== undefined && dockerfile.isOutside ? options.file : dockerfile.name,
      ...(dockerfile.isOutside && dockerfile.text !== undefined && { text: dockerfile.text }),
    },
    namedContexts: await namedContexts(options['build-context']),
    buildArgs: givenArguments(options['build-arg']),
    labels: parsePairs(options.label),
    tags: options.tag,
    ...(options.target !== undefined && { target: options.target }),
    noCache: options['no-cache'] || options['no-cache-filter'],
    pull: options.pull,
    platforms: options.platform.flatMap((text) => text.split(',')),
    hostCa: hostCa(options['host-ca']) ?? true,
    limits: limitsOf(options),
    entitlements: options.allow,
    credentials,
    secrets: await readSecrets(options.secret),
    ssh: sshAgents(options.ssh),
    cacheFrom: options['cache-from'].map(parseCache),
    cacheTo: options['cache-to'].map(parseCache),
    outputs: outputsOf(options),
    attestations: attestations(options),
    packages: {
      implicitCaches: !options['no-implicit-cache'],
      split: options['split-packages'],
      ...(locked !== undefined && { locked }),
    },
    check: options.check === undefined ? 'warn' : 'only',
    explain: options.explain,
  };
}

export function hostCa(text: string | undefined): boolean | undefined {
  if (text === undefined || text === 'auto') return undefined;
  if (text === 'off') return false;
  throw new UsageError(`--host-ca is auto or off, not ${JSON.stringify(text)}`);
}

function contextOf({ folder, remote }: BuildSource): OrderedContext {
  if (remote !== undefined) return { kind: 'remote', address: remote };
  return folder === undefined ? { kind: 'body' } : { kind: 'folder', ...folder };
}

function givenArguments(list: readonly string[]): Record<string, string> {
  const given = Object.entries(buildArguments(list));
  return Object.fromEntries(given.filter((entry): entry is [string, string] => entry[1] !== null));
}

async function namedContexts(list: readonly string[]): Promise<NonNullable<BuildOrder['namedContexts']>> {
  const found: Record<string, string | Awaited<ReturnType<typeof findFolder>>> = {};
  for (const text of list) {
    const equals = text.indexOf('=');
    if (equals <= 0) throw new UsageError(`--build-context needs NAME=PLACE, not ${JSON.stringify(text)}`);
    const [name, place] = [text.slice(0, equals), text.slice(equals + 1)];
    found[name] = /^([a-z][a-z-]*:\/\/|git@|target:)/i.test(place) ? place : await findFolder(place);
  }
  return found;
}

function limitsOf(options: BuildOptions): Partial<RunLimits> {
  const numbers = {
    shmBytes: bytesOf(options, 'shm-size'),
    memoryBytes: bytesOf(options, 'memory'),
    memorySwapBytes: options['memory-swap'] === '-1' ? -1 : bytesOf(options, 'memory-swap'),
    cpuQuota: options.cpus === undefined ? undefined : Math.round((nanoCpus(options.cpus) / 1e9) * CPU_PERIOD),
  };
  const { network } = options;
  return {
    ...Object.fromEntries(Object.entries(numbers).filter(([, value]) => value !== undefined)),
    networkMode: network === undefined || network === 'default' ? 'bridge' : network,
    extraHosts: options['add-host'],
    ...(options['cgroup-parent'] !== undefined && { cgroupParent: options['cgroup-parent'] }),
    ulimits: options.ulimit.map((text) => {
      const { Name: name, Soft: soft, Hard: hard } = parseUlimit(text);
      return { name, soft, hard };
    }),
  };
}

function bytesOf(options: BuildOptions, name: 'memory' | 'shm-size' | 'memory-swap'): number | undefined {
  const text = options[name];
  return text === undefined ? undefined : parseBytes(name, text);
}

/** Without any, the image goes into the engine's store. */
function outputsOf(options: BuildOptions): OrderedPlace[] {
  const places = options.output.map(parseOutput);
  if (options.push) places.push({ type: 'registry', attributes: {} });
  if (options.load && places.length > 0) places.push({ type: 'image', attributes: {} });
  if (options.annotation.length === 0) return places;
  const annotations = Object.fromEntries(
    Object.entries(parsePairs(options.annotation)).map(([name, value]) => [`annotation.${name}`, value]),
  );
  return (places.length === 0 ? [{ type: 'image', attributes: {} }] : places).map(({ type, attributes }) => ({
    type,
    attributes: { ...attributes, ...annotations },
  }));
}

async function readLock(choice: string | undefined): Promise<string | undefined> {
  if (choice === undefined) return undefined;
  const path = choice === '' ? 'build.lock' : choice;
  return readFile(path, 'utf8').catch((error: Error) => {
    throw new NotFoundError(`cannot read the lock ${path}`, {
      why: error.message,
      hint: 'write it with `berth build --lock build.lock .`',
    });
  });
}

/** Options that only an engine of ours has a way for, as they were given. */
export function oursAlone(options: BuildOptions): string[] {
  const names = [
    'allow', 'annotation', 'attest', 'build-context', 'cache-to', 'check', 'explain', 'lock', 'locked', 'no-cache-filter', 'output',
    'profile', 'provenance', 'push', 'sbom', 'secret', 'split-packages', 'ssh',
  ] as const; // prettier-ignore
  return names.filter((name) => options[GIVEN].has(name)).map((name) => `--${name}`);
}
