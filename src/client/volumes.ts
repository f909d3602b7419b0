import type { PruneAnswer, VolumeAnswer } from '#api/answers.ts';
import { callJson, callVoid, formatFilters, part } from './call.ts';
import type { FilterTable } from './containers.ts';
import type { Client } from './transport.ts';

/** `GET /volumes` */
export async function listVolumes(client: Client, filters?: FilterTable): Promise<VolumeAnswer[]> {
  const { Volumes } = await callJson<{ Volumes: VolumeAnswer[] | null }>(client, ['GET', '/volumes'], {
    query: { filters: formatFilters(filters) },
  });
  return Volumes ?? [];
}

/** `GET /volumes/{name}`. @throws {NotFoundError} */
export async function inspectVolume(client: Client, name: string): Promise<VolumeAnswer> {
  return callJson(client, ['GET', `/volumes/${part(name)}`]);
}

/** `POST /volumes/create`; `body` is the Engine API's. */
export async function createVolume(client: Client, body: object): Promise<VolumeAnswer> {
  return callJson(client, ['POST', '/volumes/create'], { json: body });
}

/** `DELETE /volumes/{name}` */
export async function removeVolume(client: Client, name: string, { force }: { force?: boolean } = {}): Promise<void> {
  await callVoid(client, ['DELETE', `/volumes/${part(name)}`], { query: { force } });
}

/** `POST /volumes/prune`: anonymous ones, or with `all: ['true']` every volume that no container uses. */
export async function pruneVolumes(client: Client, filters?: FilterTable): Promise<PruneAnswer> {
  return callJson(client, ['POST', '/volumes/prune'], { query: { filters: formatFilters(filters) } });
}
