import { constants } from 'node:fs';
import { parseContainerConfig } from '#api/container-config.ts';
import { queryFlag } from '#api/query.ts';
import { formatMillis } from '#api/timestamps.ts';
import type { PathStat } from '#engine/containers/archive.ts';
import type { Containers } from '#engine/containers/containers.ts';
import { InvalidArgumentError } from '#lib/errors.ts';
import type { Call, Route } from '../route.ts';
import type { ContainersBackend } from './containers.ts';
import { drained } from '../drained.ts';

/** Engine API, tag Container: files in and out, changes, export, and the commit to an image. */
export function containerFileRoutes({ containers }: ContainersBackend): readonly Route[] {
  return [
    ['HEAD', '/containers/:name/archive', async (call) => stat(containers, call)],
    ['GET', '/containers/:name/archive', async (call) => getArchive(containers, call)],
    ['PUT', '/containers/:name/archive', async (call) => putArchive(containers, call)],
    ['GET', '/containers/:name/changes', async (call) => changes(containers, call)],
    ['GET', '/containers/:name/export', async (call) => exportContainer(containers, call)],
    ['POST', '/commit', async (call) => commit(containers, call)],
  ];
}

function nameOf({ params }: Call): string {
  return params['name'] ?? '';
}

const STAT_HEADER = 'X-Docker-Container-Path-Stat';

async function stat(containers: Containers, call: Call): Promise<void> {
  const found = await containers.statPath(nameOf(call), call.query.get('path') ?? '');
  call.response.writeHead(200, { [STAT_HEADER]: statHeader(found) }).end();
}

async function getArchive(containers: Containers, call: Call): Promise<void> {
  const { query, response, signal } = call;
  await containers.getArchive({ name: nameOf(call), path: query.get('path') ?? '', signal }, async (found, tar) => {
    response.writeHead(200, { 'Content-Type': 'application/x-tar', [STAT_HEADER]: statHeader(found) });
    await sendAll(call, tar);
  });
}

async function sendAll({ response, signal }: Call, chunks: AsyncIterable<Uint8Array>): Promise<void> {
  for await (const chunk of chunks) {
    if (signal.aborted) return;
    if (!response.write(chunk)) await drained(response);
  }
  response.end();
}

/** Bits of Go's FileMode, which are not those of st_mode. */
const GO_KINDS: readonly (readonly [kind: number, bits: number])[] = [
  [constants.S_IFDIR, 2 ** 31],
  [constants.S_IFLNK, 2 ** 27],
  [constants.S_IFBLK, 2 ** 26],
  [constants.S_IFCHR, 2 ** 26 + 2 ** 21],
  [constants.S_IFIFO, 2 ** 25],
  [constants.S_IFSOCK, 2 ** 24],
];
const GO_SPECIAL: readonly (readonly [bit: number, bits: number])[] = [
  [0o4000, 2 ** 23],
  [0o2000, 2 ** 22],
  [0o1000, 2 ** 20],
];

/** A mode as Go's FileMode prints it. */
export function goFileMode(mode: number): number {
  const kind = GO_KINDS.find(([bits]) => (mode & constants.S_IFMT) === bits)?.[1] ?? 0;
  const special = GO_SPECIAL.filter(([bit]) => (mode & bit) !== 0).reduce((sum, [, bits]) => sum + bits, 0);
  return (mode & 0o777) + kind + special;
}

function statHeader({ name, size, mode, mtimeMs, linkTarget }: PathStat): string {
  const document = { name, size, mode: goFileMode(mode), mtime: formatMillis(mtimeMs), linkTarget };
  return Buffer.from(JSON.stringify(document)).toString('base64');
}

async function putArchive(containers: Containers, call: Call): Promise<void> {
  const { query, signal } = call;
  const path = query.get('path') ?? '';
  const options = {
    keepKinds: queryFlag(query, 'noOverwriteDirNonDir'),
    toUser: queryFlag(query, 'copyUIDGID'),
    signal,
  };
  await containers.putArchive({ name: nameOf(call), path }, { source: call.body(), options });
  call.send(200);
}

const KINDS = { modified: 0, added: 1, deleted: 2 } as const;

async function changes(containers: Containers, call: Call): Promise<void> {
  const found = await containers.changes(nameOf(call));
  call.send(200, found.length === 0 ? null : found.map(({ path, kind }) => ({ Path: path, Kind: KINDS[kind] })));
}

async function exportContainer(containers: Containers, call: Call): Promise<void> {
  await containers.export({ name: nameOf(call), signal: call.signal }, async (tar) => {
    call.response.writeHead(200, { 'Content-Type': 'application/octet-stream' });
    await sendAll(call, tar);
  });
}

async function commit(containers: Containers, call: Call): Promise<void> {
  const { query, request } = call;
  const name = query.get('container') ?? '';
  if (name === '') throw new InvalidArgumentError('container must be named');
  const hasBody =
    Number(request.headers['content-length'] ?? 0) > 0 || request.headers['transfer-encoding'] !== undefined;
  const body = hasBody ? await call.json() : null;
  const repository = query.get('repo') ?? '';
  const tag = query.get('tag') ?? '';
  const id = await containers.commit(name, {
    tag: repository === '' ? undefined : tag === '' ? repository : `${repository}:${tag}`,
    comment: query.get('comment') ?? '',
    author: query.get('author') ?? '',
    pause: queryFlag(query, 'pause', true),
    changes: query.getAll('changes'),
    config: body === null ? {} : givenFields(body),
  });
  call.send(201, { Id: id });
}

/** What the body leaves out or empty stays the container's. */
function givenFields(body: unknown): Partial<ReturnType<typeof parseContainerConfig>> {
  const parsed = Object.entries(parseContainerConfig(body));
  return Object.fromEntries(parsed.filter(([, value]) => isGiven(value)));
}

function isGiven(value: unknown): boolean {
  if (value === undefined || value === '' || value === false) return false;
  return typeof value !== 'object' || value === null || Object.keys(value).length > 0;
}
