import type { NetworkAnswer, PruneAnswer } from '#api/answers.ts';
import { callJson, callVoid, formatFilters, part } from './call.ts';
import type { FilterTable } from './containers.ts';
import type { Client } from './transport.ts';

/** `GET /networks` */
export async function listNetworks(client: Client, filters?: FilterTable): Promise<NetworkAnswer[]> {
  return callJson(client, ['GET', '/networks'], { query: { filters: formatFilters(filters) } });
}

/** `GET /networks/{name}`. @throws {NotFoundError} */
export async function inspectNetwork(client: Client, name: string): Promise<NetworkAnswer> {
  return callJson(client, ['GET', `/networks/${part(name)}`]);
}

/** `POST /networks/create`; `body` is the Engine API's. */
export async function createNetwork(client: Client, body: object): Promise<{ Id: string; Warning?: string }> {
  return callJson(client, ['POST', '/networks/create'], { json: body });
}

/** `DELETE /networks/{name}` */
export async function removeNetwork(client: Client, name: string): Promise<void> {
  await callVoid(client, ['DELETE', `/networks/${part(name)}`]);
}

/** `POST /networks/{name}/connect`; `endpoint` is the Engine API's EndpointSettings. */
export async function connectNetwork(
  client: Client,
  name: string,
  { container, endpoint }: { container: string; endpoint?: object },
): Promise<void> {
  const json = { Container: container, ...(endpoint !== undefined && { EndpointConfig: endpoint }) };
  await callVoid(client, ['POST', `/networks/${part(name)}/connect`], { json });
}

/** `POST /networks/{name}/disconnect` */
export async function disconnectNetwork(
  client: Client,
  name: string,
  { container, force }: { container: string; force?: boolean },
): Promise<void> {
  const json = { Container: container, Force: force === true };
  await callVoid(client, ['POST', `/networks/${part(name)}/disconnect`], { json });
}

/** `POST /networks/prune` */
export async function pruneNetworks(client: Client, filters?: FilterTable): Promise<PruneAnswer> {
  return callJson(client, ['POST', '/networks/prune'], { query: { filters: formatFilters(filters) } });
}
