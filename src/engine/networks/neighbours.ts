import { readFileSync } from 'node:fs';
import { containerHosts, extendedHosts, type HostsEntry } from './hosts-file.ts';
import type { EndpointRecord, Ipam } from './ipam.ts';
import { isPredefined, type NetworkRecords } from './network-records.ts';
import type { Endpoint } from './networks.ts';
import type { SandboxRecord } from './sandbox-store.ts';
import type { Neighbours } from './shared.ts';

/** Containers of a user network know each other by name. Until the engine has a name server they do so by their hosts files. */
export function openNeighbours(deps: {
  ipam: Ipam;
  records: NetworkRecords;
  sandboxes: ReadonlyMap<string, SandboxRecord>;
}): Neighbours {
  const { ipam, records, sandboxes } = deps;
  const listeners: ((containerId: string, hosts: string) => void)[] = [];

  const isUserNetwork = (networkId: string): boolean =>
    records.list().some(({ id, name }) => id === networkId && !isPredefined(name));
  const peersOf = ({ containerId, endpoints }: SandboxRecord): HostsEntry[] =>
    endpoints
      .filter(({ networkId }) => isUserNetwork(networkId))
      .flatMap(({ networkId }) => ipam.inNetwork(networkId))
      .filter((peer) => peer.containerId !== containerId)
      .map((peer) => ({ address: peer.address, names: namesOf(peer) }));
  const hostsOf = (sandbox: SandboxRecord): string => {
    if (sandbox.mode === 'host') return extendedHosts(readHosts(), sandbox.extraHosts);
    return containerHosts(
      sandbox.extraHosts,
      sandbox.endpoints.flatMap(selfOf(sandbox, isUserNetwork)),
      peersOf(sandbox),
    );
  };

  return {
    hostsOf,
    changed(containerId, networkIds) {
      const ids = new Set(networkIds.filter(isUserNetwork));
      for (const sandbox of sandboxes.values()) {
        if (sandbox.containerId === containerId) continue;
        if (!sandbox.endpoints.some(({ networkId }) => ids.has(networkId))) continue;
        for (const listener of listeners) listener(sandbox.containerId, hostsOf(sandbox));
      }
    },
    listen: (listener) => void listeners.push(listener),
  };
}

/** A container knows itself by its host name, on user networks also by the names that its neighbours use. */
function selfOf(
  { hostname }: SandboxRecord,
  isUserNetwork: (networkId: string) => boolean,
): (endpoint: Endpoint) => HostsEntry[] {
  return ({ address, aliases, networkId }) => {
    if (address === '') return [];
    const [short] = hostname.split('.');
    const own = hostname === short ? [hostname] : [hostname, short ?? ''];
    return [{ address, names: [...new Set([...own, ...(isUserNetwork(networkId) ? aliases : [])])].filter(Boolean) }];
  };
}

function namesOf({ containerName, containerId, aliases }: EndpointRecord): string[] {
  return [...new Set([containerName, ...aliases, containerId.slice(0, 12)])];
}

function readHosts(): string {
  try {
    return readFileSync('/etc/hosts', 'utf8');
  } catch {
    return '127.0.0.1\tlocalhost\n';
  }
}
