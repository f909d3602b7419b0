import { readFile, stat, writeFile } from 'node:fs/promises';
import { posix, relative, resolve, sep } from 'node:path';
import { buildImage, type BuildRequest } from '#client/builds.ts';
import { compileIgnore, ignoreLines } from '#dockerfile/ignore.ts';
import { NotFoundError } from '#lib/errors.ts';
import { baseImages } from '#ml/detect/own-dockerfile.ts';
import { ensureBase } from '#project/ensure-base.ts';
import { packContext } from '#project/pack-context.ts';
import { defineCommand } from '../../command.ts';
import { nanoCpus } from '../../container/create-body.ts';
import { parseBytes, parsePairs, parseUlimit } from '../../container/values.ts';
import { openProjectReport } from '../../output/project-report.ts';
import { showProgress } from '../../output/progress.ts';
import type { OptionTable, OptionValues } from '../../options.ts';
import { UsageError } from '../../parse-options.ts';
import { registryAuths } from '../../registry-auth.ts';

const OPTIONS = {
  'add-host': { kind: 'list', value: 'NAME:IP', help: 'Add a line to /etc/hosts of the steps' },
  'build-arg': { kind: 'list', value: 'NAME[=VALUE]', help: 'Set an ARG; without a value, that of the caller' },
  cpus: { kind: 'text', value: 'NUMBER', help: 'How many CPUs the steps may use' },
  file: { kind: 'text', short: 'f', value: 'PATH', help: 'Dockerfile (PATH/Dockerfile)' },
  'force-rm': { kind: 'flag', help: '' },
  'host-ca': { kind: 'text', value: 'auto|off', help: "Whether the steps trust the host's certificate authorities" },
  iidfile: { kind: 'text', value: 'FILE', help: "Write the image's id to a file" },
  label: { kind: 'list', value: 'KEY=VALUE', help: 'Set a label' },
  memory: { kind: 'text', short: 'm', value: 'BYTES', help: 'Memory limit of the steps' },
  network: { kind: 'text', value: 'NETWORK', help: 'Network of the steps: bridge, host, none' },
  'no-cache': { kind: 'flag', help: 'Run every step anew' },
  platform: { kind: 'text', value: 'OS/ARCH', help: 'Platform of the image' },
  progress: { kind: 'text', help: '' },
  pull: { kind: 'flag', help: 'Ask registries for newer base images' },
  quiet: { kind: 'flag', short: 'q', help: "Only the image's id" },
  rm: { kind: 'flag', help: '' },
  'shm-size': { kind: 'text', value: 'BYTES', help: 'Size of /dev/shm of the steps' },
  tag: { kind: 'list', short: 't', value: 'NAME[:TAG]', help: 'Name of the image' },
  target: { kind: 'text', value: 'STAGE', help: 'Stage to build' },
  ulimit: { kind: 'list', value: 'NAME=SOFT[:HARD]', help: 'Limit of the steps' },
} as const satisfies OptionTable;

type Options = OptionValues<typeof OPTIONS>;

/** Period that a CPU quota refers to, microseconds. */
const CPU_PERIOD = 100_000;

/** `berth build` */
export const build = defineCommand({
  usage: '[options] PATH|URL|-',
  details: '`-` reads a tar archive, or a Dockerfile, from standard input.',
  options: OPTIONS,
  words: { min: 1, max: 1 },
  async run(context, { options, words: [place = '.'] }) {
    const { output, signal } = context;
    const client = await context.client();
    const source = await contextOf(place, options);
    const bases = source.text === undefined ? [] : baseImages(withArguments(source.text, options['build-arg']));
    const report = openProjectReport(output, { verbose: false, keepStdout: true });
    if (!options.pull) for (const image of bases) await ensureBase({ client, report }, image, { signal });
    const messages = buildImage(client, source.archive, {
      ...requestOf(options),
      dockerfile: source.dockerfile,
      remote: source.remote,
      auth: await registryAuths(bases),
      signal,
    });
    let id = '';
    await showProgress(output, messages, {
      quiet: options.quiet,
      onMessage({ aux }) {
        id = (aux as { ID?: string } | undefined)?.ID ?? id;
      },
    });
    if (options.quiet && id !== '') output.line(id);
    if (options.iidfile !== undefined) await writeFile(options.iidfile, id);
    return 0;
  },
});

function requestOf(options: Options): BuildRequest {
  const bytes = (name: 'memory' | 'shm-size'): number | undefined => {
    const text = options[name];
    return text === undefined ? undefined : parseBytes(name, text);
  };
  return {
    tags: options.tag,
    buildArgs: buildArguments(options['build-arg']),
    labels: parsePairs(options.label),
    target: options.target,
    noCache: options['no-cache'],
    pull: options.pull,
    quiet: options.quiet,
    networkMode: options.network,
    platform: options.platform,
    extraHosts: options['add-host'],
    memoryBytes: bytes('memory'),
    shmBytes: bytes('shm-size'),
    cpuQuota: options.cpus === undefined ? undefined : Math.round((nanoCpus(options.cpus) / 1e9) * CPU_PERIOD),
    ulimits: options.ulimit.map(parseUlimit),
    hostCa: hostCa(options['host-ca']),
  };
}

function hostCa(text: string | undefined): boolean | undefined {
  if (text === undefined || text === 'auto') return undefined;
  if (text === 'off') return false;
  throw new UsageError(`--host-ca is auto or off, not ${JSON.stringify(text)}`);
}

/** The Dockerfile with the values that its first ARGs get: a base image may be named by one. */
function withArguments(text: string, list: readonly string[]): string {
  return Object.entries(buildArguments(list)).reduce(
    (changed, [name, value]) =>
      value === null
        ? changed
        : changed.replace(
            new RegExp(`^(\\s*ARG\\s+${RegExp.escape(name)})(=.*)?$`, 'im'),
            (_, head: string) => `${head}=${value}`,
          ),
    text,
  );
}

/** A name alone takes the caller's value; the engine keeps its default where the caller has none. */
function buildArguments(list: readonly string[]): Record<string, string | null> {
  return Object.fromEntries(
    list.map((text) => {
      const equals = text.indexOf('=');
      return equals < 0 ? [text, process.env[text] ?? null] : [text.slice(0, equals), text.slice(equals + 1)];
    }),
  );
}

interface BuildSource {
  archive: AsyncIterable<Uint8Array>;
  /** Path within the archive. */
  dockerfile: string | undefined;
  remote: string | undefined;
  /** The Dockerfile, where this side has it. */
  text: string | undefined;
}

async function contextOf(place: string, options: Options): Promise<BuildSource> {
  if (place === '-') return fromInput(options);
  if (/^(https?|git):\/\/|^git@/.test(place))
    return { archive: packContextOf(new Map()), dockerfile: options.file, remote: place, text: undefined };
  const folder = resolve(place);
  const facts = await stat(folder).catch(() => undefined);
  if (facts?.isDirectory() !== true)
    throw new NotFoundError(`no such folder: ${place}`, {
      why: 'the last argument is the folder with the files of the build',
      hint: 'berth build .',
    });
  return fromFolder(folder, options);
}

async function fromFolder(folder: string, { file }: Options): Promise<BuildSource> {
  const path = file === undefined ? resolve(folder, 'Dockerfile') : resolve(file);
  const text = await readFile(path, 'utf8').catch((error: Error) => {
    throw new NotFoundError(`cannot read the Dockerfile ${file ?? path}`, {
      why: error.message,
      hint: 'name it with --file',
    });
  });
  const inside = relative(folder, path).split(sep).join('/');
  const isOutside = inside.startsWith('../') || inside === '..';
  const name = isOutside ? '.dockerfile' : inside;
  const ignore = await readFirst([`${path}.dockerignore`, resolve(folder, '.dockerignore')]);
  // The engine reads both, so they are sent whatever the list says.
  const filter =
    ignore === undefined ? undefined : compileIgnore([...ignoreLines(ignore), `!${name}`, '!.dockerignore']);
  const extra = new Map([
    ...(isOutside ? [[name, text] as const] : []),
    ...(ignore === undefined ? [] : [['.dockerignore', ignore] as const]),
  ]);
  return {
    archive: packContext(folder, { extra, filter }),
    dockerfile: posix.normalize(name),
    remote: undefined,
    text,
  };
}

async function readFirst(paths: readonly string[]): Promise<string | undefined> {
  for (const path of paths) {
    const text = await readFile(path, 'utf8').catch(() => undefined);
    if (text !== undefined) return text;
  }
  return undefined;
}

/** A Dockerfile is text, an archive is not. */
async function fromInput({ file }: Options): Promise<BuildSource> {
  if (process.stdin.isTTY)
    throw new UsageError('nothing is read from a terminal', { hint: 'send an archive or a Dockerfile in' });
  const input = process.stdin[Symbol.asyncIterator]() as AsyncIterator<Buffer>;
  const first = await input.next();
  const head = first.done === true ? Buffer.alloc(0) : first.value;
  const isText =
    !head.subarray(0, 512).includes(0) &&
    !/^(\x1f\x8b|BZh|\xfd7zXZ|\x28\xb5\x2f\xfd)/.test(head.toString('latin1', 0, 8)); // eslint-disable-line no-control-regex -- magic numbers
  const all = rest(head, input);
  if (!isText) return { archive: all, dockerfile: file, remote: undefined, text: undefined };
  const text = Buffer.concat(await Array.fromAsync(all)).toString('utf8');
  return { archive: packContextOf(new Map([['Dockerfile', text]])), dockerfile: 'Dockerfile', remote: undefined, text };
}

async function* rest(head: Buffer, input: AsyncIterator<Buffer>): AsyncGenerator<Buffer> {
  yield head;
  for (let next = await input.next(); next.done !== true; next = await input.next()) yield next.value;
}

/** An archive of nothing but these files. */
function packContextOf(files: ReadonlyMap<string, string>): AsyncIterable<Uint8Array> {
  return packContext('/', { extra: files, filter: { excludes: () => true, mayHoldExceptions: () => false } });
}
