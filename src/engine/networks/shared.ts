import type { Log } from '#lib/log.ts';
import type { Netlink } from '#linux/netlink.ts';
import type { Events } from '../events/events.ts';
import type { Bridges } from './bridges.ts';
import type { Firewall } from './firewall.ts';
import type { Ipam } from './ipam.ts';
import type { NetworkRecords } from './network-records.ts';
import type { NetworkRecord } from './networks.ts';
import type { Ports } from './ports.ts';
import type { SandboxRecord, SandboxStore } from './sandbox-store.ts';

/** What the verbs on networks work with. */
export interface Deps {
  engineId: string;
  /** Talks about the engine's own network namespace. */
  host: Netlink;
  records: NetworkRecords;
  bridges: Bridges;
  ipam: Ipam;
  ports: Ports;
  store: SandboxStore;
  /** Sandboxes of running containers, as on disk. */
  sandboxes: Map<string, SandboxRecord>;
  firewall: Firewall;
  neighbours: Neighbours;
  /** Servers for containers that ask for none, instead of the host's. */
  dns: readonly string[];
  events: Events;
  log: Log;
}

/** Who tells containers of a user network about each other. */
export interface Neighbours {
  /** The hosts file of a container as it should read now. */
  hostsOf(sandbox: SandboxRecord): string;
  /** Tells everybody else in these networks that a neighbour came or went. */
  changed(containerId: string, networkIds: readonly string[]): void;
  listen(listener: (containerId: string, hosts: string) => void): void;
}

/** `connect` and `disconnect` as the Engine API tells them. */
export function publishEndpoint(
  events: Events,
  action: 'connect' | 'disconnect',
  subject: {
    network: Pick<NetworkRecord, 'id' | 'name' | 'driver'>;
    containerId: string;
  },
): void {
  const { network, containerId } = subject;
  events.publish({
    type: 'network',
    action,
    id: network.id,
    attributes: { container: containerId, name: network.name, type: network.driver },
  });
}

/** `create` and `destroy` of a network. */
export function publishNetwork(
  events: Events,
  action: 'create' | 'destroy',
  { id, name, driver }: NetworkRecord,
): void {
  events.publish({ type: 'network', action, id, attributes: { name, type: driver } });
}
