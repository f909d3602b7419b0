import { randomBytes } from 'node:crypto';
import { ConflictError, InvalidArgumentError, NotFoundError, PermissionDeniedError } from '#lib/errors.ts';
import { contains, formatAddress, formatSubnet, overlaps, parseAddress, parseSubnet } from './address.ts';
import type { Bridges } from './bridges.ts';
import { type NetworkRecords, refusePredefined } from './network-records.ts';
import type { NetworkRecord, Networks } from './networks.ts';

export const BRIDGE_NAME_OPTION = 'com.docker.network.bridge.name';
/** Longest name of an interface, bytes. */
const NAME_LIMIT = 15;

type CreateRequest = Parameters<Networks['create']>[0];

/**
 * Records a network of the user's and makes its interface; nothing stays when it fails.
 * @throws {ConflictError} if the name, the interface or the addresses are taken; {InvalidArgumentError}
 */
export function createNetwork(
  { engineId, records, bridges }: { engineId: string; records: NetworkRecords; bridges: Bridges },
  request: CreateRequest,
): NetworkRecord {
  const { name, driver = 'bridge', internal = false, labels = {}, options = {} } = request;
  checkName(name);
  refusePredefined(name, 'create');
  checkDriver(driver);
  const id = randomBytes(32).toString('hex');
  const isChosen = request.subnet === undefined || request.subnet === '';
  const record: NetworkRecord = {
    id,
    name,
    driver: 'bridge',
    created: Date.now(),
    internal,
    labels,
    options,
    bridge: bridgeName(engineId, { id, options }),
    ...(isChosen ? { ...bridges.choose(), isChosen } : addressesOf(request, records)),
    ...(request.addressRange === undefined ? {} : { addressRange: request.addressRange }),
  };
  checkRange(record);
  records.insert(record);
  try {
    return bridges.ensure(record).network;
  } catch (error) {
    records.delete(id);
    throw error;
  }
}

function checkName(name: string): void {
  if (name.trim() === '')
    throw new InvalidArgumentError('invalid name: name must contain at least one non-space character');
  if (!/^[a-zA-Z0-9][a-zA-Z0-9_.-]*$/.test(name))
    throw new InvalidArgumentError(`invalid name: ${JSON.stringify(name)}`, {
      why: 'a network name has letters, digits, and _ . - after the first character',
    });
}

function checkDriver(driver: string): void {
  if (driver === 'bridge' || driver === '' || driver === 'default') return;
  if (driver === 'host' || driver === 'null')
    throw new PermissionDeniedError(`only one instance of "${driver}" network is allowed`);
  throw new NotFoundError(`could not find a network driver named ${driver}`, { hint: 'use the driver "bridge"' });
}

/** The name asked for, or one that says whose the interface is. */
function bridgeName(
  engineId: string,
  { id, options }: { id: string; options: Readonly<Record<string, string>> },
): string {
  const asked = options[BRIDGE_NAME_OPTION];
  if (asked === undefined || asked === '')
    return `bn${engineId}${BigInt(`0x${id.slice(0, 16)}`)
      .toString(36)
      .slice(-5)}`;
  if (!/^[a-zA-Z0-9_.-]+$/.test(asked) || asked.length > NAME_LIMIT || asked === '.' || asked === '..')
    throw new InvalidArgumentError(`invalid interface name: ${JSON.stringify(asked)}`, {
      why: `an interface name has up to ${NAME_LIMIT} letters, digits, and _ . -`,
    });
  return asked;
}

function addressesOf(
  { subnet = '', gateway }: CreateRequest,
  records: NetworkRecords,
): { subnet: string; gateway: string } {
  if (subnet.includes(':'))
    throw new InvalidArgumentError(`invalid subnet ${subnet}: IPv6 networks are not served`, {
      hint: 'name an IPv4 subnet',
    });
  const block = parseSubnet(subnet);
  if (block.prefixLength > 30)
    throw new InvalidArgumentError(`invalid subnet ${subnet}: it has no address for a container`);
  const other = records.list().find((network) => network.subnet && overlaps(parseSubnet(network.subnet), block));
  if (other !== undefined)
    throw new ConflictError('invalid pool request: Pool overlaps with other one on this address space', {
      why: `network ${other.name} has ${other.subnet}`,
    });
  const way = gateway === undefined || gateway === '' ? formatAddress(block.first + 1) : gateway;
  if (!contains(block, parseAddress(way)))
    throw new InvalidArgumentError(`no matching subnet for gateway ${way}`, { why: `the subnet is ${subnet}` });
  return { subnet: formatSubnet(block), gateway: way };
}

function checkRange({ subnet, addressRange }: NetworkRecord): void {
  if (addressRange === undefined || subnet === undefined) return;
  if (!overlaps(parseSubnet(subnet), parseSubnet(addressRange)))
    throw new InvalidArgumentError(`no matching subnet for range ${addressRange}`);
}
