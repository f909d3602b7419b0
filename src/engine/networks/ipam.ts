import { ConflictError, InvalidArgumentError, UnavailableError } from '#lib/errors.ts';
import { type Database, transaction } from '#lib/sqlite.ts';
import { contains, formatAddress, macOf, parseAddress, parseSubnet, sizeOf } from './address.ts';
import { isPredefined } from './network-records.ts';
import type { Endpoint, EndpointRequest, NetworkRecord } from './networks.ts';

/** An endpoint as the database keeps it. */
export interface EndpointRecord extends Endpoint {
  containerId: string;
  containerName: string;
}

export interface EndpointPlan {
  network: NetworkRecord;
  endpointId: string;
  request: EndpointRequest;
}

/** Who has which address. The database refuses an address that is taken, whatever this code believes. */
export interface Ipam {
  /**
   * Takes an address in each network for a container, or in none.
   * @throws {ConflictError} for an address in use or a container that is in the network already; {UnavailableError} if a network is full
   */
  take(container: { id: string; name: string }, plans: readonly EndpointPlan[]): EndpointRecord[];
  rename(containerId: string, name: string): void;
  /** Gives a container's addresses back: in one network, or in all. */
  release(containerId: string, networkId?: string): void;
  inNetwork(networkId: string): EndpointRecord[];
  ofContainer(containerId: string): EndpointRecord[];
  all(): EndpointRecord[];
}

export function openIpam(database: Database): Ipam {
  const read = (sql: string, ...values: string[]): EndpointRecord[] =>
    database
      .prepare(`SELECT record FROM endpoints ${sql}`)
      .all(...values)
      .map((row) => JSON.parse(String(row['record'])) as EndpointRecord);
  const inNetwork = (networkId: string): EndpointRecord[] => read('WHERE network = ? ORDER BY address', networkId);

  const take = (container: { id: string; name: string }, { network, endpointId, request }: EndpointPlan) => {
    const { address, prefixLength, gateway } = chooseAddress(network, inNetwork(network.id), request.address);
    const record: EndpointRecord = {
      containerId: container.id,
      containerName: container.name,
      network: network.name,
      networkId: network.id,
      endpointId,
      address,
      prefixLength,
      gateway,
      mac: request.mac === undefined ? macOf(address) : checkMac(request.mac),
      aliases: request.aliases ?? [],
    };
    database
      .prepare('INSERT INTO endpoints (network, container, address, record) VALUES (?, ?, ?, ?)')
      .run(network.id, container.id, address, JSON.stringify(record));
    return record;
  };

  return {
    take(container, plans) {
      for (const plan of plans) refuseAsked(plan);
      return transaction(database, () => plans.map((plan) => take(container, plan)));
    },
    rename(containerId, containerName) {
      const update = database.prepare('UPDATE endpoints SET record = ? WHERE container = ? AND network = ?');
      transaction(database, () => {
        for (const record of read('WHERE container = ?', containerId))
          update.run(JSON.stringify({ ...record, containerName }), containerId, record.networkId);
      });
    },
    release(containerId, networkId) {
      if (networkId === undefined) database.prepare('DELETE FROM endpoints WHERE container = ?').run(containerId);
      else database.prepare('DELETE FROM endpoints WHERE container = ? AND network = ?').run(containerId, networkId);
    },
    inNetwork,
    ofContainer: (containerId) => read('WHERE container = ? ORDER BY rowid', containerId),
    all: () => read(''),
  };
}

function checkMac(text: string): string {
  const mac = text.toLowerCase().replaceAll('-', ':');
  // The lowest bit of the first byte is that of a group: no interface takes such an address.
  if (!/^[0-9a-f][02468ace](:[0-9a-f]{2}){5}$/.test(mac))
    throw new InvalidArgumentError(`invalid MAC address: ${JSON.stringify(text)}`);
  return mac;
}

/** @throws {InvalidArgumentError} for an address in a network whose addresses nobody asked for */
function refuseAsked({ network: { name, isChosen }, request: { address = '' } }: EndpointPlan): void {
  if (address === '') return;
  if (isPredefined(name))
    throw new InvalidArgumentError('user specified IP address is supported on user defined networks only');
  if (isChosen === true)
    throw new InvalidArgumentError(
      'user specified IP address is supported only when connecting to networks with user configured subnets',
      { hint: `make the network with --subnet to give addresses of ${name} to containers` },
    );
}

/** The lowest free address, or the one asked for. */
export function chooseAddress(
  { name, subnet, gateway, addressRange }: Pick<NetworkRecord, 'name' | 'subnet' | 'gateway' | 'addressRange'>,
  taken: readonly { address: string; containerName: string }[],
  asked?: string,
): { address: string; prefixLength: number; gateway: string } {
  if (subnet === undefined || gateway === undefined)
    throw new InvalidArgumentError(`network ${name} has no addresses to give`);
  const block = parseSubnet(subnet);
  const result = (address: string) => ({ address, prefixLength: block.prefixLength, gateway });
  const last = block.first + sizeOf(block) - 1;
  const reserved = new Set([block.first, last, parseAddress(gateway)]);
  if (asked !== undefined && asked !== '') {
    const wanted = parseAddress(asked);
    const owner = taken.find(({ address }) => address === asked);
    if (owner !== undefined)
      throw new ConflictError('Address already in use', { why: `container ${owner.containerName} has ${asked}` });
    if (!contains(block, wanted))
      throw new InvalidArgumentError(`no configured subnet contains IP address ${asked}`, {
        why: `network ${name} has ${subnet}`,
      });
    if (reserved.has(wanted)) throw new ConflictError('Address already in use', { why: `${asked} is reserved` });
    return result(asked);
  }
  for (const { address } of taken) reserved.add(parseAddress(address));
  const range = addressRange === undefined ? block : parseSubnet(addressRange);
  const end = Math.min(last, range.first + sizeOf(range));
  for (let address = Math.max(block.first + 1, range.first); address < end; address++)
    if (!reserved.has(address)) return result(formatAddress(address));
  throw new UnavailableError(`no available IPv4 addresses on this network's address pools: ${name}`, {
    why: `${taken.length} containers are in ${subnet}`,
  });
}
