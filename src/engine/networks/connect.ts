import { randomBytes } from 'node:crypto';
import { NotFoundError, PermissionDeniedError } from '#lib/errors.ts';
import { refuseFixed } from './attach.ts';
import type { Endpoint, EndpointRequest } from './networks.ts';
import { plugIn, unplug } from './sandbox.ts';
import type { SandboxRecord } from './sandbox-store.ts';
import { type Deps, publishEndpoint } from './shared.ts';

/** Puts a running container into a further network. */
export async function connect(
  deps: Deps,
  subject: { network: string; containerId: string },
  request: EndpointRequest,
): Promise<Endpoint> {
  const { records, bridges, ipam, host, store, engineId } = deps;
  const { containerId } = subject;
  const sandbox = runningSandbox(deps, containerId);
  refuseFixed(sandbox);
  const named = records.get(subject.network);
  if (named.driver !== 'bridge')
    throw new PermissionDeniedError(`container cannot be connected to the network ${named.name} while it runs`);
  if (sandbox.endpoints.some(({ networkId }) => networkId === named.id))
    throw new PermissionDeniedError(
      `endpoint with name ${sandbox.containerName} already exists in network ${named.name}`,
    );
  const { network, link } = bridges.ensure(named);
  const owner = { id: containerId, name: sandbox.containerName };
  const [taken] = ipam.take(owner, [{ network, endpointId: randomBytes(32).toString('hex'), request }]);
  if (taken === undefined) throw new NotFoundError(`network ${subject.network} not found`);
  const { containerId: _id, containerName: _name, ...endpoint } = taken;
  const changed = { ...sandbox, endpoints: [...sandbox.endpoints, endpoint] };
  try {
    const bridge = { index: link.index, mtu: link.mtu };
    plugIn(host, store.namespacePath(containerId), { engineId, plan: { endpoint, bridge, isDefault: false } });
    await keep(deps, changed, network.id);
  } catch (error) {
    unplug(host, engineId, endpoint);
    ipam.release(containerId, network.id);
    await keep(deps, sandbox, network.id);
    throw error;
  }
  publishEndpoint(deps.events, 'connect', { network, containerId });
  return endpoint;
}

/** Takes a running container out of one network. */
export async function disconnect(deps: Deps, subject: { network: string; containerId: string }): Promise<void> {
  const { records, ipam, host, engineId, events } = deps;
  const { containerId } = subject;
  const sandbox = runningSandbox(deps, containerId);
  const network = records.get(subject.network);
  const endpoint = sandbox.endpoints.find(({ networkId }) => networkId === network.id);
  if (endpoint === undefined)
    throw new NotFoundError(`container ${containerId} is not connected to network ${network.name}`);
  refuseFixed(sandbox);
  unplug(host, engineId, endpoint);
  ipam.release(containerId, network.id);
  await keep(deps, { ...sandbox, endpoints: sandbox.endpoints.filter((other) => other !== endpoint) }, network.id);
  publishEndpoint(events, 'disconnect', { network, containerId });
}

function runningSandbox({ sandboxes }: Deps, containerId: string): SandboxRecord {
  const sandbox = sandboxes.get(containerId);
  if (sandbox === undefined) throw new NotFoundError(`container ${containerId} is not running`);
  return sandbox;
}

async function keep(deps: Deps, sandbox: SandboxRecord, networkId: string): Promise<void> {
  const { sandboxes, store, firewall, neighbours } = deps;
  sandboxes.set(sandbox.containerId, sandbox);
  store.write(sandbox);
  await firewall.refresh();
  neighbours.changed('', [networkId]);
}
