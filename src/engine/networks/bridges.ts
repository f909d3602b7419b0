import type { Log } from '#lib/log.ts';
import type { Netlink } from '#linux/netlink.ts';
import { findLink, type Link } from '#linux/rtnetlink.ts';
import { readSysctl, writeSysctl } from '#linux/sysctl.ts';
import { formatAddress, formatSubnet, overlaps, parseSubnet, type Subnet } from './address.ts';
import { type BridgePlan, ensureBridge, hasElder, markOf, removeBridge } from './bridge.ts';
import { defaultMtu, usedSubnets } from './host-network.ts';
import type { NetworkRecords } from './network-records.ts';
import type { NetworkRecord } from './networks.ts';
import { type AddressPool, chooseSubnet } from './pools.ts';

const CHOOSE_TRIES = 5;
export const MTU_OPTION = 'com.docker.network.driver.mtu';

/** The interfaces of the engine's networks. */
export interface Bridges {
  /** A network's addresses that touch nothing in use here. @throws {UnavailableError} if there are none */
  choose(): { subnet: string; gateway: string };
  /**
   * The interface of a network, made if it is not there. A network whose addresses we chose gets others where they are in use by now, and
   * no container has one of them.
   * @returns the record, as it is now
   * @throws {ConflictError} if the interface belongs to somebody else; {UnavailableError} if no addresses are left
   */
  ensure(network: NetworkRecord): { link: Link; network: NetworkRecord };
  remove(network: NetworkRecord): void;
  /** Largest packet on a network, bytes. */
  mtuOf(network: NetworkRecord): number;
}

export function openBridges(deps: {
  engineId: string;
  host: Netlink;
  records: NetworkRecords;
  /** Whether a container has an address of the network. */
  isUsed: (networkId: string) => boolean;
  pools: readonly AddressPool[];
  mtu: number | undefined;
  log: Log;
}): Bridges {
  const { engineId, host, records, isUsed, pools, mtu, log } = deps;

  const choose = (besides: readonly Subnet[] = []): { subnet: string; gateway: string } => {
    const own = records.list().flatMap(({ subnet }) => (subnet === undefined ? [] : [parseSubnet(subnet)]));
    const subnet = chooseSubnet(pools, [...usedSubnets(host), ...own, ...besides]);
    return { subnet: formatSubnet(subnet), gateway: formatAddress(subnet.first + 1) };
  };
  const mtuOf = ({ options }: NetworkRecord): number => Number(options[MTU_OPTION]) || mtu || defaultMtu(host);
  const planOf = (network: NetworkRecord): BridgePlan => ({
    name: network.bridge ?? '',
    mark: markOf(engineId, network.id),
    gateway: network.gateway ?? '',
    subnet: network.subnet ?? '',
    mtu: mtuOf(network),
  });
  const make = (network: NetworkRecord): Link => {
    switchForwardingOn(log);
    return ensureBridge(host, planOf(network));
  };
  const mayMove = ({ id, isChosen, bridge = '' }: NetworkRecord): boolean =>
    isChosen === true && findLink(host, bridge)?.up !== true && !isUsed(id);
  /** The interface, or the block that stands in its way. */
  const attempt = (network: NetworkRecord): Link | Subnet[] => {
    if (network.subnet === undefined) return [];
    const block = parseSubnet(network.subnet);
    if (usedSubnets(host).some((used) => overlaps(used, block))) return [block];
    const link = make(network);
    if (!hasElder(host, link, network.subnet)) return link;
    removeBridge(host, planOf(network));
    return [block];
  };

  return {
    choose,
    mtuOf,
    remove: (network) => removeBridge(host, planOf(network)),
    ensure(network) {
      if (!mayMove(network)) return { link: make(network), network };
      let current = network;
      for (let tries = 1; tries < CHOOSE_TRIES; tries++) {
        const found = attempt(current);
        if (!Array.isArray(found)) return { link: found, network: current };
        current = { ...current, ...choose(found) };
        records.update(current);
        log.info('a network has other addresses now', { network: current.name, subnet: current.subnet });
      }
      return { link: make(current), network: current };
    },
  };
}

function switchForwardingOn(log: Log): void {
  if (readSysctl('net/ipv4/ip_forward') === '1') return;
  if (writeSysctl('net/ipv4/ip_forward', '1')) log.info('IPv4 forwarding switched on for containers');
  else log.warn('IPv4 forwarding is off and cannot be switched on: containers do not reach other hosts');
}
