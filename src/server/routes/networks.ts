import type { EndpointConfig } from '#api/endpoint-config.ts';
import { type Filters, invalidFilter, parseFilters } from '#api/filters.ts';
import { networkToWire, parseConnect, parseNetworkCreate } from '#api/networks.ts';
import type { Events } from '#engine/events/events.ts';
import type { NetworkRecord, Networks } from '#engine/networks/networks.ts';
import { ConflictError } from '#lib/errors.ts';
import type { Call, Route } from '../route.ts';

/** What these routes need of the engine. */
export interface NetworksBackend {
  networks: Networks;
  /** Puts a container, running or not, into a network; one that does not run gets there when it starts. */
  connectContainer(network: NetworkRecord, container: string, endpoint: EndpointConfig): Promise<void>;
  disconnectContainer(network: NetworkRecord, container: string, options: { force: boolean }): Promise<void>;
  events: Events;
}

const PREDEFINED: ReadonlySet<string> = new Set(['bridge', 'host', 'none']);

/** Engine API, tag Network. */
export function networkRoutes(engine: NetworksBackend): readonly Route[] {
  const pruning = { now: false };
  return [
    ['GET', '/networks', async (call) => listNetworks(engine, call)],
    ['POST', '/networks/create', async (call) => createNetwork(engine, call)],
    ['POST', '/networks/prune', async (call) => pruneNetworks(engine, call, pruning)],
    ['GET', '/networks/:name', async (call) => inspectNetwork(engine, call)],
    ['DELETE', '/networks/:name', async (call) => removeNetwork(engine, call)],
    ['POST', '/networks/:name/connect', async (call) => connect(engine, call)],
    ['POST', '/networks/:name/disconnect', async (call) => disconnect(engine, call)],
  ];
}

function nameOf({ params }: Call): string {
  return params['name'] ?? '';
}

const LIST_FILTERS = ['dangling', 'driver', 'id', 'label', 'name', 'scope', 'type'];

async function listNetworks({ networks }: NetworksBackend, call: Call): Promise<void> {
  const filters = parseFilters(call.query.get('filters'), LIST_FILTERS);
  const dangling = filters.flag('dangling');
  const found: Record<string, unknown>[] = [];
  for (const network of await networks.list()) {
    if (!isListed(network, filters)) continue;
    const isUnused = !PREDEFINED.has(network.name) && (await networks.endpointsOf(network.id)).size === 0;
    if (dangling !== undefined && isUnused !== dangling) continue;
    found.push(networkToWire(network));
  }
  call.send(200, found);
}

function isListed({ id, name, driver, labels }: NetworkRecord, filters: Filters): boolean {
  const type = PREDEFINED.has(name) ? 'builtin' : 'custom';
  const strange = filters.values('type').find((value) => value !== 'builtin' && value !== 'custom');
  if (strange !== undefined) throw invalidFilter('type', strange);
  return (
    filters.prefix('id', id) &&
    filters.matches('name', name) &&
    filters.exact('driver', driver) &&
    filters.exact('scope', 'local') &&
    filters.exact('type', type) &&
    filters.labels(labels)
  );
}

async function createNetwork({ networks }: NetworksBackend, call: Call): Promise<void> {
  const { request, warning } = parseNetworkCreate(await call.json());
  const { id } = await networks.create(request);
  call.send(201, { Id: id, Warning: warning });
}

async function inspectNetwork({ networks }: NetworksBackend, call: Call): Promise<void> {
  const network = await networks.get(nameOf(call));
  call.send(200, networkToWire(network, await networks.endpointsOf(network.id)));
}

async function removeNetwork({ networks }: NetworksBackend, call: Call): Promise<void> {
  await networks.remove(nameOf(call));
  call.send(204);
}

async function connect(engine: NetworksBackend, call: Call): Promise<void> {
  const { container, endpoint } = parseConnect(await call.json());
  await engine.connectContainer(await engine.networks.get(nameOf(call)), container, endpoint);
  call.send(200);
}

async function disconnect(engine: NetworksBackend, call: Call): Promise<void> {
  const { container, force } = parseConnect(await call.json());
  await engine.disconnectContainer(await engine.networks.get(nameOf(call)), container, { force });
  call.send(200);
}

async function pruneNetworks(engine: NetworksBackend, call: Call, pruning: { now: boolean }): Promise<void> {
  if (pruning.now) throw new ConflictError('a prune operation is already running');
  pruning.now = true;
  try {
    call.send(200, { NetworksDeleted: await prune(engine, call.query) });
  } finally {
    pruning.now = false;
  }
}

async function prune({ networks, events }: NetworksBackend, query: URLSearchParams): Promise<string[] | null> {
  const filters = parseFilters(query.get('filters'), ['label', 'label!', 'until']);
  const until = filters.time('until');
  const removed: string[] = [];
  for (const { id, name, labels, created } of await networks.list()) {
    if (PREDEFINED.has(name) || !filters.labels(labels)) continue;
    if (until !== undefined && BigInt(created) * 1_000_000n > until) continue;
    if ((await networks.endpointsOf(id)).size > 0) continue;
    await networks.remove(id);
    removed.push(name);
  }
  events.publish({ type: 'network', action: 'prune', id: '', attributes: { reclaimed: '0' } });
  return removed.length === 0 ? null : removed;
}
