import { NotFoundError, UnavailableError } from '#lib/errors.ts';
import type { Netlink } from './netlink.ts';
import {
  type Answer,
  attribute,
  byte,
  decodeAttributes,
  decodeText,
  FLAGS,
  nested,
  type Request,
} from './netlink-message.ts';

/** Messages of rtnetlink(7) and their attributes (linux/rtnetlink.h, if_link.h, if_addr.h, veth.h). */
const RTM = {
  newLink: 16, deleteLink: 17, getLink: 18, setLink: 19, newAddress: 20, getAddress: 22, newRoute: 24, getRoute: 26,
} as const; // prettier-ignore
const IFLA = {
  address: 1, name: 3, mtu: 4, master: 10, protoInfo: 12, linkInfo: 18, alias: 20, namespaceFd: 28,
} as const; // prettier-ignore
const IFLA_INFO = { kind: 1, data: 2 } as const;
const IFLA_BRPORT_HAIRPIN = 4;
const VETH_INFO_PEER = 1;
const IFA = { address: 1, local: 2, broadcast: 4 } as const;
const RTA = { destination: 1, outInterface: 4, gateway: 5, priority: 6, table: 15 } as const;
const IFF_UP = 1;
const AF = { unspecified: 0, inet: 2, bridge: 7, inet6: 10 } as const;
const SIZE = { link: 16, address: 8, route: 12 } as const;
const ROUTE = { tableMain: 254, protocolBoot: 3, scopeUniverse: 0, scopeLink: 253, typeUnicast: 1 } as const;

export interface Link {
  index: number;
  name: string;
  /** `bridge`, `veth`, …; empty for hardware. */
  kind: string;
  /** Free text that stays with the interface: the mark of whose it is. */
  alias: string;
  up: boolean;
  mtu: number;
  mac: string;
  /** Index of the bridge it belongs to; 0 if none. */
  master: number;
}

/** An IPv4 address of an interface. */
export interface LinkAddress {
  index: number;
  address: string;
  prefixLength: number;
}

/** An IPv4 route of any table. */
export interface Route {
  /** `0.0.0.0` with prefix length 0 for the default route. */
  destination: string;
  prefixLength: number;
  gateway: string | undefined;
  /** Index of the interface; 0 if the route names none or several. */
  index: number;
  metric: number;
  table: number;
  /** Whether it leads to hosts (and not to this one, or nowhere). */
  unicast: boolean;
}

export function listLinks(netlink: Netlink): Link[] {
  return netlink
    .dump({ type: RTM.getLink, flags: FLAGS.dump, body: linkBody({}), what: 'list interfaces' })
    .map(toLink);
}

export function findLink(netlink: Netlink, name: string): Link | undefined {
  const body = Buffer.concat([linkBody({}), attribute(IFLA.name, name)]);
  try {
    const [answer] = netlink.dump({ type: RTM.getLink, flags: 0, body, what: `look for interface ${name}` });
    return answer === undefined ? undefined : toLink(answer);
  } catch (error) {
    // ENODEV is the kernel's word for a name that no interface has.
    if (error instanceof UnavailableError || error instanceof NotFoundError) return undefined;
    throw error;
  }
}

export function listAddresses(netlink: Netlink): LinkAddress[] {
  const body = Buffer.alloc(SIZE.address);
  body[0] = AF.inet;
  return netlink
    .dump({ type: RTM.getAddress, flags: FLAGS.dump, body, what: 'list addresses' })
    .filter((answer) => answer.body[0] === AF.inet)
    .map((answer) => {
      const attributes = decodeAttributes(answer.body.subarray(SIZE.address));
      return {
        index: answer.body.readUInt32LE(4),
        prefixLength: answer.body[1] ?? 32,
        address: formatIpv4(attributes.get(IFA.local) ?? attributes.get(IFA.address)),
      };
    });
}

export function listRoutes(netlink: Netlink): Route[] {
  const body = Buffer.alloc(SIZE.route);
  body[0] = AF.inet;
  return netlink
    .dump({ type: RTM.getRoute, flags: FLAGS.dump, body, what: 'list routes' })
    .filter((answer) => answer.body[0] === AF.inet)
    .map(toRoute);
}

/** A bridge, down and without an address. */
export function newBridge({ name, mtu, mac }: { name: string; mtu: number; mac: string }): Request {
  const parts = [
    attribute(IFLA.name, name),
    attribute(IFLA.address, parseMac(mac)),
    attribute(IFLA.mtu, mtu),
    nested(IFLA.linkInfo, [attribute(IFLA_INFO.kind, 'bridge')]),
  ];
  return create(RTM.newLink, [linkBody({}), ...parts], `make bridge ${name}`);
}

/**
 * A pair of interfaces: ours is up and belongs to a bridge, the peer is born in another network namespace.
 * `peer.namespaceFd` is an open file of that namespace.
 */
export function newVeth(veth: {
  name: string;
  bridge: number;
  mtu: number;
  peer: { name: string; mac: string; namespaceFd: number };
}): Request {
  const { name, bridge, mtu, peer } = veth;
  const peerParts = [
    linkBody({}),
    attribute(IFLA.name, peer.name),
    attribute(IFLA.mtu, mtu),
    attribute(IFLA.address, parseMac(peer.mac)),
    attribute(IFLA.namespaceFd, peer.namespaceFd),
  ];
  const parts = [
    attribute(IFLA.name, name),
    attribute(IFLA.mtu, mtu),
    attribute(IFLA.master, bridge),
    nested(IFLA.linkInfo, [
      attribute(IFLA_INFO.kind, 'veth'),
      nested(IFLA_INFO.data, [nested(VETH_INFO_PEER, peerParts)]),
    ]),
  ];
  return create(RTM.newLink, [linkBody({ up: true }), ...parts], `make interface ${name}`);
}

/** Changes what is given of an interface. */
export function setLink(
  index: number,
  change: { up?: boolean; mtu?: number; alias?: string; mac?: string; master?: number },
): Request {
  const { up, mtu, alias, mac, master } = change;
  const parts: Buffer[] = [linkBody({ index, ...(up === undefined ? {} : { up }) })];
  if (mtu !== undefined) parts.push(attribute(IFLA.mtu, mtu));
  if (alias !== undefined) parts.push(attribute(IFLA.alias, Buffer.from(alias)));
  if (master !== undefined) parts.push(attribute(IFLA.master, master));
  if (mac !== undefined) parts.push(attribute(IFLA.address, parseMac(mac)));
  return { type: RTM.setLink, flags: 0, body: Buffer.concat(parts), what: `change interface ${index}` };
}

/** Lets a bridge send a frame back through the port it came from, as a container needs that talks to its own published port. */
export function setHairpin(index: number): Request {
  const parts = [
    linkBody({ index, family: AF.bridge }),
    nested(IFLA.protoInfo, [attribute(IFLA_BRPORT_HAIRPIN, byte(1))]),
  ];
  return { type: RTM.setLink, flags: 0, body: Buffer.concat(parts), what: `change bridge port ${index}` };
}

/** Deleting the last interface of a pair waits some tens of milliseconds in the kernel: prefer dropping its namespace. */
export function deleteLink(index: number): Request {
  return { type: RTM.deleteLink, flags: 0, body: linkBody({ index }), what: `delete interface ${index}` };
}

export function newAddress({ index, address, prefixLength }: LinkAddress): Request {
  const body = Buffer.alloc(SIZE.address);
  body[0] = AF.inet;
  body[1] = prefixLength;
  body.writeUInt32LE(index, 4);
  const bytes = parseIpv4(address);
  const hostBits = 32 - prefixLength;
  const broadcast = Buffer.alloc(4);
  broadcast.writeUInt32BE(Number(BigInt(bytes.readUInt32BE(0)) | ((1n << BigInt(hostBits)) - 1n)));
  const parts = [
    body,
    attribute(IFA.local, bytes),
    attribute(IFA.address, bytes),
    ...(hostBits > 1 ? [attribute(IFA.broadcast, broadcast)] : []),
  ];
  return create(RTM.newAddress, parts, `give address ${address}/${prefixLength}`);
}

/** The way to everything that no other route leads to. */
export function newDefaultRoute(gateway: string): Request {
  const body = Buffer.alloc(SIZE.route);
  body[0] = AF.inet;
  body[4] = ROUTE.tableMain;
  body[5] = ROUTE.protocolBoot;
  body[6] = ROUTE.scopeUniverse;
  body[7] = ROUTE.typeUnicast;
  return create(RTM.newRoute, [body, attribute(RTA.gateway, parseIpv4(gateway))], `default route by ${gateway}`);
}

function create(type: number, parts: readonly Buffer[], what: string): Request {
  return { type, flags: FLAGS.create | FLAGS.exclusive, body: Buffer.concat(parts), what };
}

/** `struct ifinfomsg`. */
function linkBody({
  index = 0,
  up,
  family = AF.unspecified,
}: {
  index?: number;
  up?: boolean;
  family?: number;
}): Buffer {
  const body = Buffer.alloc(SIZE.link);
  body[0] = family;
  body.writeInt32LE(index, 4);
  if (up !== undefined) {
    body.writeUInt32LE(up ? IFF_UP : 0, 8);
    body.writeUInt32LE(IFF_UP, 12);
  }
  return body;
}

function toLink({ body }: Answer): Link {
  const attributes = decodeAttributes(body.subarray(SIZE.link));
  const info = decodeAttributes(attributes.get(IFLA.linkInfo) ?? Buffer.alloc(0));
  return {
    index: body.readInt32LE(4),
    name: decodeText(attributes.get(IFLA.name)) ?? '',
    kind: decodeText(info.get(IFLA_INFO.kind)) ?? '',
    alias: decodeText(attributes.get(IFLA.alias)) ?? '',
    up: (body.readUInt32LE(8) & IFF_UP) !== 0,
    mtu: attributes.get(IFLA.mtu)?.readUInt32LE(0) ?? 0,
    mac: [...(attributes.get(IFLA.address) ?? [])].map((part) => part.toString(16).padStart(2, '0')).join(':'),
    master: attributes.get(IFLA.master)?.readUInt32LE(0) ?? 0,
  };
}

function toRoute({ body }: Answer): Route {
  const attributes = decodeAttributes(body.subarray(SIZE.route));
  const gateway = attributes.get(RTA.gateway);
  return {
    destination: formatIpv4(attributes.get(RTA.destination)),
    prefixLength: body[1] ?? 0,
    gateway: gateway === undefined ? undefined : formatIpv4(gateway),
    index: attributes.get(RTA.outInterface)?.readUInt32LE(0) ?? 0,
    metric: attributes.get(RTA.priority)?.readUInt32LE(0) ?? 0,
    table: attributes.get(RTA.table)?.readUInt32LE(0) ?? body[4] ?? 0,
    unicast: body[7] === ROUTE.typeUnicast,
  };
}

function parseIpv4(text: string): Buffer {
  return Buffer.from(text.split('.').map(Number));
}

function formatIpv4(bytes: Buffer | undefined): string {
  return bytes === undefined ? '0.0.0.0' : [...bytes].join('.');
}

function parseMac(text: string): Buffer {
  return Buffer.from(text.replaceAll(':', ''), 'hex');
}
