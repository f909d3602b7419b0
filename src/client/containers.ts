import type { Readable } from 'node:stream';
import type { ContainerDetails, ContainerSummary, PruneAnswer, StatsAnswer } from '#api/answers.ts';
import { UnavailableError } from '#lib/errors.ts';
import { callJson, callVoid, formatFilters, part } from './call.ts';
import { readJsonLines } from './json-lines.ts';
import type { Client, Hijacked, Query } from './transport.ts';

export type FilterTable = Readonly<Record<string, readonly string[]>>;

const at = (name: string, verb = ''): string => `/containers/${part(name)}${verb === '' ? '' : `/${verb}`}`;

export interface ListContainers {
  /** Also those that do not run. */
  all?: boolean;
  limit?: number | undefined;
  size?: boolean;
  filters?: FilterTable;
}

/** `GET /containers/json` */
export async function listContainers(
  client: Client,
  { filters, ...query }: ListContainers = {},
): Promise<ContainerSummary[]> {
  return callJson(client, ['GET', '/containers/json'], { query: { ...query, filters: formatFilters(filters) } });
}

/** `GET /containers/{name}/json`. @throws {NotFoundError} */
export async function inspectContainer(
  client: Client,
  name: string,
  { size }: { size?: boolean } = {},
): Promise<ContainerDetails> {
  return callJson(client, ['GET', at(name, 'json')], { query: { size } });
}

/**
 * `POST /containers/create`; `body` is the Engine API's.
 * @throws {NotFoundError} if the image is not there
 */
export async function createContainer(
  client: Client,
  body: object,
  { name, platform, hostCa }: { name?: string | undefined; platform?: string | undefined; hostCa?: boolean } = {},
): Promise<{ Id: string; Warnings: string[] | null }> {
  return callJson(client, ['POST', '/containers/create'], {
    query: { name, platform, 'berth-host-ca': hostCa },
    json: body,
  });
}

/** `POST /containers/{name}/start` */
export async function startContainer(
  client: Client,
  name: string,
  { detachKeys }: { detachKeys?: string | undefined } = {},
): Promise<void> {
  await callVoid(client, ['POST', at(name, 'start')], { query: { detachKeys } });
}

export interface StopContainer {
  /** Seconds before it is killed; -1 waits for ever. */
  timeout?: number | undefined;
  signal?: string | undefined;
}

/** `POST /containers/{name}/stop` */
export async function stopContainer(client: Client, name: string, options: StopContainer = {}): Promise<void> {
  await callVoid(client, ['POST', at(name, 'stop')], { query: { t: options.timeout, signal: options.signal } });
}

/** `POST /containers/{name}/restart` */
export async function restartContainer(client: Client, name: string, options: StopContainer = {}): Promise<void> {
  await callVoid(client, ['POST', at(name, 'restart')], { query: { t: options.timeout, signal: options.signal } });
}

/** `POST /containers/{name}/kill` */
export async function killContainer(client: Client, name: string, signal?: string): Promise<void> {
  await callVoid(client, ['POST', at(name, 'kill')], { query: { signal } });
}

/** `POST /containers/{name}/pause` */
export async function pauseContainer(client: Client, name: string): Promise<void> {
  await callVoid(client, ['POST', at(name, 'pause')]);
}

/** `POST /containers/{name}/unpause` */
export async function unpauseContainer(client: Client, name: string): Promise<void> {
  await callVoid(client, ['POST', at(name, 'unpause')]);
}

/** `POST /containers/{name}/rename` */
export async function renameContainer(client: Client, name: string, newName: string): Promise<void> {
  await callVoid(client, ['POST', at(name, 'rename')], { query: { name: newName } });
}

/** `POST /containers/{name}/update`; `body` is the Engine API's. */
export async function updateContainer(
  client: Client,
  name: string,
  body: object,
): Promise<{ Warnings: string[] | null }> {
  return callJson(client, ['POST', at(name, 'update')], { json: body });
}

export interface RemoveContainer {
  /** Also when it runs. */
  force?: boolean;
  /** With its anonymous volumes. */
  volumes?: boolean;
}

/** `DELETE /containers/{name}` */
export async function removeContainer(client: Client, name: string, options: RemoveContainer = {}): Promise<void> {
  await callVoid(client, ['DELETE', at(name)], { query: { force: options.force, v: options.volumes } });
}

/** How a container ended. */
export interface ContainerExit {
  StatusCode: number;
  Error?: { Message?: string } | null;
}

export type WaitCondition = 'not-running' | 'next-exit' | 'removed';

/**
 * `POST /containers/{name}/wait`. The engine has noted the wish when the first promise resolves; `exit` resolves when it is fulfilled.
 */
export async function waitContainer(
  client: Client,
  name: string,
  { condition, signal }: { condition?: WaitCondition; signal?: AbortSignal | undefined } = {},
): Promise<{ exit: Promise<ContainerExit> }> {
  const { body } = await client.send('POST', at(name, 'wait'), { query: { condition }, signal });
  const exit = firstLine<ContainerExit>(body);
  exit.catch(() => {}); // a caller that fails before it looks must not end the process
  return { exit };
}

async function firstLine<T>(body: Readable): Promise<T> {
  for await (const line of readJsonLines<T>(body)) {
    body.resume();
    return line;
  }
  throw new UnavailableError('the engine closed the connection without an answer');
}

export interface AttachContainer extends Query {
  stdin?: boolean;
  stdout?: boolean;
  stderr?: boolean;
  /** Live output. */
  stream?: boolean;
  /** Former output. */
  logs?: boolean;
  detachKeys?: string | undefined;
}

/** `POST /containers/{name}/attach` */
export async function attachContainer(client: Client, name: string, options: AttachContainer): Promise<Hijacked> {
  return client.hijack(at(name, 'attach'), { query: options });
}

/** `POST /containers/{name}/resize`, in characters. */
export async function resizeContainer(
  client: Client,
  name: string,
  { height, width }: { height: number; width: number },
): Promise<void> {
  await callVoid(client, ['POST', at(name, 'resize')], { query: { h: height, w: width } });
}

export interface ContainerLogs {
  stdout?: boolean;
  stderr?: boolean;
  follow?: boolean;
  timestamps?: boolean;
  details?: boolean;
  since?: string | undefined;
  until?: string | undefined;
  tail?: string | undefined;
  signal?: AbortSignal | undefined;
}

/** `GET /containers/{name}/logs`: framed unless the container has a terminal (`readOutput` reads it). */
export async function containerLogs(
  client: Client,
  name: string,
  { signal, ...query }: ContainerLogs,
): Promise<Readable> {
  return (await client.send('GET', at(name, 'logs'), { query, signal })).body;
}

/** `GET /containers/{name}/top` */
export async function topContainer(
  client: Client,
  name: string,
  psArgs?: string,
): Promise<{ Titles: string[]; Processes: string[][] | null }> {
  return callJson(client, ['GET', at(name, 'top')], { query: { ps_args: psArgs } });
}

/** `GET /containers/{name}/stats`: one object, or one per second. */
export async function* containerStats(
  client: Client,
  name: string,
  { stream, oneShot, signal }: { stream?: boolean; oneShot?: boolean; signal?: AbortSignal } = {},
): AsyncGenerator<StatsAnswer> {
  const query = { stream: stream === true ? '1' : '0', 'one-shot': oneShot };
  const { body } = await client.send('GET', at(name, 'stats'), { query, signal });
  yield* readJsonLines<StatsAnswer>(body);
}

/** `GET /containers/{name}/changes` */
export async function containerChanges(client: Client, name: string): Promise<{ Path: string; Kind: number }[] | null> {
  return callJson(client, ['GET', at(name, 'changes')]);
}

/** `GET /containers/{name}/export`: the whole file system as a tar archive. */
export async function exportContainer(client: Client, name: string): Promise<Readable> {
  return (await client.send('GET', at(name, 'export'))).body;
}

/** What a path in a container is. */
export interface PathStat {
  name: string;
  size: number;
  /** As Go counts modes: directory is bit 31, symbolic link bit 27. */
  mode: number;
  mtime: string;
  linkTarget: string;
}

/** `HEAD /containers/{name}/archive`. @throws {NotFoundError} */
export async function statInContainer(client: Client, name: string, path: string): Promise<PathStat> {
  const { body, headers } = await client.send('HEAD', at(name, 'archive'), { query: { path } });
  body.resume();
  const header = String(headers['x-docker-container-path-stat'] ?? '');
  return JSON.parse(Buffer.from(header, 'base64').toString('utf8')) as PathStat;
}

/** `GET /containers/{name}/archive`: a tar archive whose first component is the path's last. */
export async function copyFromContainer(client: Client, name: string, path: string): Promise<Readable> {
  return (await client.send('GET', at(name, 'archive'), { query: { path } })).body;
}

/** `PUT /containers/{name}/archive`: unpacks a tar archive in the directory `path`. */
export async function copyIntoContainer(
  client: Client,
  { name, path, copyOwners }: { name: string; path: string; copyOwners?: boolean },
  archive: AsyncIterable<Uint8Array>,
): Promise<void> {
  const query = { path, noOverwriteDirNonDir: true, copyUIDGID: copyOwners };
  await callVoid(client, ['PUT', at(name, 'archive')], { query, stream: archive });
}

/** `POST /commit` */
export async function commitContainer(
  client: Client,
  name: string,
  query: {
    repo?: string | undefined;
    tag?: string | undefined;
    comment?: string | undefined;
    author?: string | undefined;
    pause?: string;
    changes?: readonly string[];
  },
): Promise<{ Id: string }> {
  return callJson(client, ['POST', '/commit'], { query: { container: name, ...query }, json: {} });
}

/** `POST /containers/prune` */
export async function pruneContainers(client: Client, filters?: FilterTable): Promise<PruneAnswer> {
  return callJson(client, ['POST', '/containers/prune'], { query: { filters: formatFilters(filters) } });
}
