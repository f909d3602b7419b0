import { randomBytes } from 'node:crypto';
import { ConflictError } from '#lib/errors.ts';
import type { Netlink } from '#linux/netlink.ts';
import {
  deleteLink,
  findLink,
  type Link,
  listAddresses,
  listLinks,
  listRoutes,
  newAddress,
  newBridge,
  setLink,
} from '#linux/rtnetlink.ts';
import { writeSysctl } from '#linux/sysctl.ts';
import { contains, parseAddress, parseSubnet } from './address.ts';

export interface BridgePlan {
  name: string;
  mark: string;
  gateway: string;
  subnet: string;
  mtu: number;
}

/** Text that an interface of ours carries as its alias: what does not carry it is never changed or deleted. */
export function markOf(engineId: string, networkId: string): string {
  return `berth:${engineId}:${networkId}`;
}

/** Interfaces of this engine with the network they belong to. */
export function ownBridges(netlink: Netlink, engineId: string): { link: Link; networkId: string }[] {
  const prefix = markOf(engineId, '');
  return listLinks(netlink)
    .filter(({ alias }) => alias.startsWith(prefix))
    .map((link) => ({ link, networkId: link.alias.slice(prefix.length) }));
}

/**
 * Makes the interface of a network with its address, or finds it.
 * @throws {ConflictError} if an interface of that name is not ours
 */
export function ensureBridge(netlink: Netlink, plan: BridgePlan): Link {
  const there = findLink(netlink, plan.name);
  if (there !== undefined && there.alias !== plan.mark)
    throw new ConflictError(`interface ${plan.name} is there already and was not made for this network`, {
      hint: 'remove it, or give the network another com.docker.network.bridge.name',
    });
  if (there?.up === true && hasAddress(netlink, there, plan.gateway)) return there;
  if (there !== undefined) netlink.request([deleteLink(there.index)]);
  return makeBridge(netlink, plan);
}

function hasAddress(netlink: Netlink, link: Link, address: string): boolean {
  return listAddresses(netlink).some((own) => own.index === link.index && own.address === address);
}

function makeBridge(netlink: Netlink, { name, mark, gateway, subnet, mtu }: BridgePlan): Link {
  // A fixed hardware address: without, a bridge takes over the lowest one of its ports and changes when they come and go.
  const mac = `02:42:${[...randomBytes(4)].map((part) => part.toString(16).padStart(2, '0')).join(':')}`;
  netlink.request([newBridge({ name, mtu, mac })]);
  const { index } = findLink(netlink, name) ?? { index: 0 };
  try {
    // No IPv6 of its own: containers have none, and nobody shall reach the host by it.
    writeSysctl(`net/ipv6/conf/${name}/disable_ipv6`, '1');
    // Lets the host's loop-back address reach a published port; what arrives from elsewhere with such an address is dropped.
    writeSysctl(`net/ipv4/conf/${name}/route_localnet`, '1');
    const { prefixLength } = parseSubnet(subnet);
    netlink.request([
      setLink(index, { alias: mark }),
      newAddress({ index, address: gateway, prefixLength }),
      setLink(index, { up: true }),
    ]);
    return findLink(netlink, name) ?? { index, name, kind: 'bridge', alias: mark, up: true, mtu, mac, master: 0 };
  } catch (error) {
    netlink.request([deleteLink(index)]);
    throw error;
  }
}

/** Takes the interface of a network away; one that is not there or not ours is left alone. */
export function removeBridge(netlink: Netlink, { name, mark }: Pick<BridgePlan, 'name' | 'mark'>): void {
  const link = findLink(netlink, name);
  if (link?.alias === mark) netlink.request([deleteLink(link.index)]);
}

/**
 * Whether another interface, older than ours, leads to the same addresses: two engines that start at one moment can choose the same
 * network, and the younger interface gives way.
 */
export function hasElder(netlink: Netlink, own: Link, subnet: string): boolean {
  const block = parseSubnet(subnet);
  return listRoutes(netlink).some(
    ({ index, destination, prefixLength, unicast }) =>
      unicast && prefixLength > 0 && index > 0 && index < own.index && contains(block, parseAddress(destination)),
  );
}
