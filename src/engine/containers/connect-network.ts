import { open } from 'node:fs/promises';
import { join } from 'node:path';
import type { EndpointConfig } from '#api/endpoint-config.ts';
import { NotFoundError, PermissionDeniedError } from '#lib/errors.ts';
import type { NetworkRecord } from '#engine/networks/networks.ts';
import type { Context } from './context.ts';
import { networkRequest } from './network-request.ts';
import { type ContainerRecord, isRunning } from './record.ts';

/**
 * Puts a container into a further network: now if it runs, and at each of its starts from then on.
 * @throws {NotFoundError}; {PermissionDeniedError} if it is in it already, or its network is the host's or another container's
 */
export async function connectContainer(
  context: Context,
  subject: { container: string; network: NetworkRecord },
  endpoint: EndpointConfig,
): Promise<void> {
  const { records, networks, lock } = context;
  const { network } = subject;
  const { id } = records.find(subject.container);
  using held = await lock.acquire(id);
  void held;
  const record = records.get(id);
  refuseFixed(record);
  if (namesOf(record).some((name) => isNetwork(name, network)))
    throw new PermissionDeniedError(`endpoint with name ${record.name} already exists in network ${network.name}`);
  const changed = { ...record, endpoints: { ...record.endpoints, [network.name]: endpoint } };
  const request = networkRequest(changed).endpoints[network.name] ?? {};
  if (isRunning(record)) await networks.connect(network.id, id, request);
  records.update(id, { endpoints: changed.endpoints });
}

/**
 * Takes a container out of a network, now and for its further starts.
 * @throws {NotFoundError} if it is unknown or not in the network
 */
export async function disconnectContainer(
  context: Context,
  subject: { container: string; network: NetworkRecord },
  { force }: { force: boolean },
): Promise<void> {
  const { records, networks, lock } = context;
  const { network } = subject;
  const { id } = records.find(subject.container);
  using held = await lock.acquire(id);
  void held;
  const record = records.get(id);
  if (!namesOf(record).some((name) => isNetwork(name, network))) {
    if (force) return;
    throw new NotFoundError(`container ${id} is not connected to network ${network.name}`);
  }
  if (isRunning(record)) await networks.disconnect(network.id, id);
  const left = Object.entries(record.endpoints).filter(([name]) => !isNetwork(name, network));
  const { hostConfig } = record;
  const mode = isNetwork(hostConfig.networkMode, network) ? (left[0]?.[0] ?? 'none') : hostConfig.networkMode;
  records.update(id, { endpoints: Object.fromEntries(left), hostConfig: { ...hostConfig, networkMode: mode } });
}

/** Rewrites the hosts file of a running container when a neighbour comes or goes. */
export function followHosts({ networks, runtime, log }: Pick<Context, 'networks' | 'runtime' | 'log'>): void {
  networks.onHosts((id, hosts) => {
    rewrite(join(runtime.bundleOf(id), 'hosts'), hosts).catch((error: unknown) =>
      log.warn('the hosts file of a container could not be renewed', {
        container: id,
        reason: (error as Error).message,
      }),
    );
  });
}

/** In place, for the file is mounted: another file under the name would not be seen inside. */
async function rewrite(path: string, text: string): Promise<void> {
  await using file = await open(path, 'r+');
  const { bytesWritten } = await file.write(text, 0);
  await file.truncate(bytesWritten);
}

/** Names and ids by which a container is in networks; the first is its main one. */
function namesOf({ hostConfig, endpoints }: ContainerRecord): string[] {
  const { networkMode } = hostConfig;
  return [networkMode === '' || networkMode === 'default' ? 'bridge' : networkMode, ...Object.keys(endpoints)];
}

function isNetwork(text: string, { id, name }: NetworkRecord): boolean {
  const named = text === '' || text === 'default' ? 'bridge' : text;
  return named === name || named === id;
}

function refuseFixed({ hostConfig: { networkMode } }: ContainerRecord): void {
  if (networkMode !== 'host' && !networkMode.startsWith('container:')) return;
  throw new PermissionDeniedError(
    'container sharing network namespace with another container or host cannot be connected to any other network',
  );
}
