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
  /** A network's addresses that touch nothing in use here. */
  choose(): { subnet: string; gateway: string };
  /** The interface of a network, made if it is not there. @throws {ConflictError} */
  ensure(network: NetworkRecord): Link;
  /** The same for a network whose addresses we chose: where they are in use by now, others are chosen and recorded. */
  ensureChosen(network: NetworkRecord): NetworkRecord;
  remove(network: NetworkRecord): void;
  /** Largest packet on a network, bytes. */
  mtuOf(network: NetworkRecord): number;
}

export function openBridges(deps: {
  engineId: string;
  host: Netlink;
  records: NetworkRecords;
  pools: readonly AddressPool[];
  mtu: number | undefined;
  log: Log;
}): Bridges {
  const { engineId, host, records, pools, mtu, log } = deps;

  const choose = (besides: readonly Subnet[] = [], except = 0): { subnet: string; gateway: string } => {
    const own = records.list().flatMap(({ subnet }) => (subnet === undefined ? [] : [parseSubnet(subnet)]));
    const subnet = chooseSubnet(pools, [...usedSubnets(host, { except }), ...own, ...besides]);
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
  const ensure = (network: NetworkRecord): Link => {
    switchForwardingOn(log);
    return ensureBridge(host, planOf(network));
  };

  return {
    choose,
    ensure,
    mtuOf,
    remove: (network) => removeBridge(host, planOf(network)),
    ensureChosen(network) {
      let current = network;
      for (let attempt = 1; attempt <= CHOOSE_TRIES; attempt++) {
        const there = findLink(host, current.bridge ?? '');
        if (there?.up === true) return current;
        const block = parseSubnet(current.subnet ?? '');
        const taken = usedSubnets(host).some((used) => overlaps(used, block));
        const link = taken ? undefined : ensure(current);
        if (link !== undefined && !hasElder(host, link, current.subnet ?? '')) return current;
        removeBridge(host, planOf(current));
        current = { ...current, ...choose([block]) };
        records.update(current);
        log.info('network has other addresses now: its former ones are in use on this host', {
          network: current.name,
          subnet: current.subnet,
        });
      }
      return current;
    },
  };
}

function switchForwardingOn(log: Log): void {
  if (readSysctl('net/ipv4/ip_forward') === '1') return;
  if (writeSysctl('net/ipv4/ip_forward', '1')) log.info('IPv4 forwarding switched on for containers');
  else log.warn('IPv4 forwarding is off and cannot be switched on: containers do not reach other hosts');
}
