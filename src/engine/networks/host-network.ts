import { readFileSync } from 'node:fs';
import type { Netlink } from '#linux/netlink.ts';
import { listAddresses, listLinks, listRoutes } from '#linux/rtnetlink.ts';
import { isAddress, parseAddress, type Subnet } from './address.ts';
import { parseResolvConf } from './resolv-conf.ts';

/** Largest packet of the interface that leads out of the host, bytes: a larger one from a container would have to be cut or be lost. */
export function defaultMtu(netlink: Netlink): number {
  const way = listRoutes(netlink)
    .filter(({ prefixLength, unicast }) => prefixLength === 0 && unicast)
    .toSorted((a, b) => a.metric - b.metric)[0];
  const link = listLinks(netlink).find(({ index }) => index === way?.index);
  return link?.mtu ?? 1500;
}

/** Networks that this host reaches without its default route, and its DNS servers: ours must not lie over them. */
export function usedSubnets(netlink: Netlink, { except = 0 }: { except?: number } = {}): Subnet[] {
  const routes = listRoutes(netlink)
    .filter(({ prefixLength, index, unicast }) => prefixLength > 0 && index !== except && unicast)
    .map(({ destination, prefixLength }) => blockOf(destination, prefixLength));
  const addresses = listAddresses(netlink)
    .filter(({ index }) => index !== except)
    .map(({ address, prefixLength }) => blockOf(address, prefixLength));
  return [...routes, ...addresses, ...nameservers()];
}

function blockOf(address: string, prefixLength: number): Subnet {
  const size = 2 ** (32 - prefixLength);
  return { first: Math.floor(parseAddress(address) / size) * size, prefixLength };
}

function nameservers(): Subnet[] {
  return parseResolvConf(readText('/etc/resolv.conf'))
    .nameservers.filter(isAddress)
    .map((server) => blockOf(server, 32));
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
