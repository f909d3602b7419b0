import { randomUUID } from 'node:crypto';
import { mkdir, mkdtempDisposable, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { BuildLine, BuildOrder } from '#api/build-order.ts';
import { buildImage } from '#client/builds.ts';
import { orderBuild } from '#client/build-order.ts';
import type { Client } from '#client/transport.ts';
import { ConflictError, InternalError, NotFoundError } from '#lib/errors.ts';
import { hostFolder } from './host-folder.ts';
import { type ContextFilter, packContext } from './pack-context.ts';
import type { ProjectDockerfile } from './write-dockerfile.ts';

export interface ImageOrder {
  tag: string;
  labels: Readonly<Record<string, string>>;
  noCache: boolean;
  /** Installed packages become layers of their own, where the engine can. */
  splitPackages: boolean;
  /** Values by id. */
  secrets: ReadonlyMap<string, Buffer>;
  signal?: AbortSignal | undefined;
}

/** What an image is built of. */
export interface ImageSource {
  directory: string;
  dockerfile: ProjectDockerfile;
  /** What the ignore file leaves out, where the folder has to be sent. */
  filter: ContextFilter | undefined;
}

/** Name by which a Dockerfile takes files that are not in the folder. */
export const EXTRA_CONTEXT = 'berth-files';

/**
 * Builds an image of a folder, and tells it as the classic protocol's text. Where the engine sees the folder, it is read where it lies;
 * otherwise it is sent. An engine of another kind builds by the classic protocol.
 * @throws {InternalError} when a step fails
 */
export async function* orderImage(client: Client, source: ImageSource, order: ImageOrder): AsyncGenerator<string> {
  const names = new Map<string, string>();
  try {
    yield* inPlace(client, { source, order, names });
  } catch (error) {
    if (names.size > 0) throw error;
    if (error instanceof NotFoundError) yield* classic(client, source, order);
    else if (error instanceof ConflictError) yield* sent(client, { source, order, names });
    else throw error;
  }
}

interface Ordered {
  source: ImageSource;
  order: ImageOrder;
  /** Of the steps that were told. */
  names: Map<string, string>;
}

async function* inPlace(client: Client, { source, order, names }: Ordered): AsyncGenerator<string> {
  const { directory, dockerfile } = source;
  await using extra = await extraFolder(dockerfile.extra);
  const text = dockerfile.textFor({ hasCaches: true, buildkit: true, filesFrom: extra && EXTRA_CONTEXT });
  const ignore = dockerfile.ignore === undefined ? {} : { ignore: dockerfile.ignore };
  const wanted: BuildOrder = {
    ...commonOrder(order),
    context: { kind: 'folder', ...(await hostFolder(directory)) },
    dockerfile: { name: 'Dockerfile', ...(!dockerfile.isInFolder && { text, ...ignore }) },
    ...(extra !== undefined && { namedContexts: { [EXTRA_CONTEXT]: await hostFolder(extra.path) } }),
  };
  for await (const line of orderBuild(client, wanted, { signal: order.signal })) yield* textOf(line, names);
}

async function* sent(client: Client, { source, order, names }: Ordered): AsyncGenerator<string> {
  const text = source.dockerfile.textFor({ hasCaches: true, buildkit: true, filesFrom: undefined });
  const wanted: BuildOrder = { ...commonOrder(order), context: { kind: 'body' }, dockerfile: { name: 'Dockerfile' } };
  const context = pack(source, text);
  for await (const line of orderBuild(client, wanted, { context, signal: order.signal })) yield* textOf(line, names);
}

async function* classic(client: Client, source: ImageSource, order: ImageOrder): AsyncGenerator<string> {
  const { tag, labels, noCache, signal } = order;
  const text = source.dockerfile.textFor({ hasCaches: false, buildkit: false, filesFrom: undefined });
  for await (const { stream } of buildImage(client, pack(source, text), { tags: [tag], labels, noCache, signal }))
    if (stream !== undefined) yield stream;
}

function commonOrder({ tag, labels, noCache, splitPackages, secrets }: ImageOrder): Omit<BuildOrder, 'context' | 'dockerfile'> {
  return {
    ref: randomUUID(),
    tags: [tag],
    labels,
    noCache,
    packages: { split: splitPackages },
    secrets: Object.fromEntries([...secrets].map(([name, value]) => [name, value.toString('base64')])),
  };
} // prettier-ignore

function pack({ directory, dockerfile, filter }: ImageSource, text: string): AsyncIterable<Uint8Array> {
  const ignore = dockerfile.ignore === undefined ? [] : [['.dockerignore', Buffer.from(dockerfile.ignore)] as const];
  const extra = new Map<string, Uint8Array>([['Dockerfile', Buffer.from(text)], ...ignore, ...dockerfile.extra]);
  return packContext(directory, { extra, filter });
}

/** Files of this build alone, in a folder that is gone afterwards. */
async function extraFolder(
  extra: ReadonlyMap<string, Uint8Array>,
): Promise<Awaited<ReturnType<typeof mkdtempDisposable>> | undefined> {
  if (extra.size === 0) return undefined;
  const folder = await mkdtempDisposable(join(tmpdir(), 'berth-files-'));
  for (const [path, bytes] of extra) {
    const target = join(folder.path, path);
    await mkdir(dirname(target), { recursive: true });
    await writeFile(target, bytes, { mode: 0o644 });
  }
  return folder;
}

/** A step by its instruction, then what it writes. */
function* textOf(line: BuildLine, names: Map<string, string>): Generator<string> {
  if (line.kind === 'failed') {
    const { message, why, hint } = line;
    throw new InternalError(message, { ...(why !== undefined && { why }), ...(hint !== undefined && { hint }) });
  }
  if (line.kind === 'started') {
    const [, place, text] = /^\[(?!internal\b)(?:[^\]]* )?(\d+\/\d+)\] (.*)$/s.exec(line.name) ?? [];
    names.set(line.vertex, text ?? '');
    if (text !== undefined) yield `Step ${place} : ${text}\n`;
  } else if (line.kind === 'log') yield Buffer.from(line.bytes, 'base64').toString('utf8');
  else if (line.kind === 'completed' && names.get(line.vertex) !== '')
    yield line.isCached ? ' ---> Using cache\n' : ' ---> done\n';
}
