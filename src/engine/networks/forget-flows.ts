import { forgetUdpFlows } from '#linux/conntrack.ts';
import { listAddresses } from '#linux/rtnetlink.ts';
import { contains, parseAddress, parseSubnet } from './address.ts';
import type { SandboxRecord } from './sandbox-store.ts';
import type { Deps } from './shared.ts';

/**
 * Conversations over UDP with the published ports of a container go where the rules lead from now on: to it when it has come, nowhere
 * when it has gone. Connections over TCP need no help: they end with their container.
 */
export function forgetFlows(
  { host, records, log }: Pick<Deps, 'host' | 'records' | 'log'>,
  { ports }: Pick<SandboxRecord, 'ports'>,
): void {
  const numbers = new Set(ports.filter(({ protocol }) => protocol === 'udp').map(({ hostPort }) => hostPort));
  if (numbers.size === 0) return;
  const own = new Set(listAddresses(host).map(({ address }) => address));
  const subnets = records.list().flatMap(({ subnet }) => (subnet === undefined ? [] : [parseSubnet(subnet)]));
  const isHere = (address: string): boolean =>
    own.has(address) || subnets.some((subnet) => contains(subnet, parseAddress(address)));
  try {
    forgetUdpFlows(({ port, answersFrom }) => numbers.has(port) && isHere(answersFrom));
  } catch (error) {
    log.warn('clients that go on sending datagrams may not reach the container', { reason: (error as Error).message });
  }
}
