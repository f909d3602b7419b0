import { closeSync, openSync } from 'node:fs';
import { type Netlink, openNetlink } from '#linux/netlink.ts';
import { createNetns, inNetns } from '#linux/netns.ts';
import {
  deleteLink,
  findLink,
  type Link,
  listLinks,
  newAddress,
  newDefaultRoute,
  newVeth,
  setHairpin,
  setLink,
} from '#linux/rtnetlink.ts';
import { writeSysctl } from '#linux/sysctl.ts';
import type { Endpoint } from './networks.ts';

const LOOPBACK = 1;

/** One interface to make in a container's network namespace. */
export interface InterfacePlan {
  endpoint: Endpoint;
  bridge: { index: number; mtu: number };
  /** Whether the way out leads over it. */
  isDefault: boolean;
}

/** Makes a network namespace with its loop-back interface up and nothing else, pinned at `path`. */
export function createSandbox(path: string): void {
  createNetns(path);
  inNetns(path, () => {
    // Interfaces to come have no IPv6: no network of ours serves it.
    writeSysctl('net/ipv6/conf/default/disable_ipv6', '1');
    using netlink = openNetlink();
    netlink.request([setLink(LOOPBACK, { up: true })]);
  });
}

/** Puts a container into a network: a pair of interfaces from its namespace to the bridge, address and route. */
export function plugIn(
  host: Netlink,
  path: string,
  { engineId, plan }: { engineId: string; plan: InterfacePlan },
): void {
  const { endpoint, bridge, isDefault } = plan;
  using inside = inNetns(path, openNetlink);
  const name = freeName(inside);
  const outer = vethName(engineId, endpoint.endpointId);
  const namespaceFd = openSync(path, 'r');
  try {
    host.request([
      newVeth({ name: outer, bridge: bridge.index, mtu: bridge.mtu, peer: { name, mac: endpoint.mac, namespaceFd } }),
    ]);
  } finally {
    closeSync(namespaceFd);
  }
  host.request([setHairpin(findLink(host, outer)?.index ?? 0)]);
  const { index } = findLink(inside, name) ?? { index: 0 };
  inside.request([
    newAddress({ index, address: endpoint.address, prefixLength: endpoint.prefixLength }),
    setLink(index, { up: true }),
    ...(isDefault ? [newDefaultRoute(endpoint.gateway)] : []),
  ]);
}

/** Makes sure that the host's end of a container's interface belongs to the bridge. */
export function plugBack(host: Netlink, plug: { engineId: string; endpoint: Endpoint; bridge: number }): void {
  const link = findLink(host, vethName(plug.engineId, plug.endpoint.endpointId));
  if (link === undefined || link.master === plug.bridge) return;
  host.request([setLink(link.index, { master: plug.bridge })]);
  host.request([setHairpin(link.index)]);
}

/** Takes a running container out of a network. */
export function unplug(host: Netlink, engineId: string, endpoint: Endpoint): void {
  const link = findLink(host, vethName(engineId, endpoint.endpointId));
  if (link !== undefined) host.request([deleteLink(link.index)]);
}

/** The host's ends of an engine's interfaces. */
export function ownVeths(host: Netlink, engineId: string): Link[] {
  return listLinks(host).filter(({ name, kind }) => kind === 'veth' && name.startsWith(`bv${engineId}`));
}

/** Name of the host's end: whose it is, and enough of the endpoint to be the only one. */
export function vethName(engineId: string, endpointId: string): string {
  const number = BigInt(`0x${endpointId.slice(0, 16)}`);
  return `bv${engineId}${number.toString(36).padStart(5, '0').slice(-5)}`;
}

function freeName(inside: Netlink): string {
  const names = new Set(listLinks(inside).map(({ name }) => name));
  for (let number = 0; ; number++) if (!names.has(`eth${number}`)) return `eth${number}`;
}
