import { BlockList, isIPv4, isIPv6 } from 'node:net';

/** Who can be behind an address: only `public` ones are the same for everybody. */
export type AddressKind = 'public' | 'loopback' | 'link-local' | 'private' | 'metadata' | 'reserved';

type Range = readonly [network: string, bits: number];

/** Where cloud providers answer with a machine's credentials, beside link-local addresses (IANA has no name for these). */
const METADATA: readonly Range[] = [
  ['169.254.169.254', 32],
  ['169.254.170.2', 32],
  ['100.100.100.200', 32],
  ['fd00:ec2::254', 128],
  ['fd20:ce::254', 128],
];

/** IANA's special-purpose address registries (RFC 6890), by what they mean to us. */
const RANGES: Readonly<Record<Exclude<AddressKind, 'public' | 'metadata'>, readonly Range[]>> = {
  loopback: [
    ['127.0.0.0', 8],
    ['0.0.0.0', 8],
    ['::1', 128],
    ['::', 128],
  ],
  'link-local': [
    ['169.254.0.0', 16],
    ['fe80::', 10],
  ],
  private: [
    ['10.0.0.0', 8],
    ['172.16.0.0', 12],
    ['192.168.0.0', 16],
    ['100.64.0.0', 10],
    ['fc00::', 7],
    ['fec0::', 10],
  ],
  reserved: [
    ['192.0.0.0', 24],
    ['192.0.2.0', 24],
    ['192.88.99.0', 24],
    ['198.18.0.0', 15],
    ['198.51.100.0', 24],
    ['203.0.113.0', 24],
    ['224.0.0.0', 3],
    ['100::', 64],
    ['2001:2::', 48],
    ['2001:db8::', 32],
    ['3fff::', 20],
    ['5f00::', 16],
    ['ff00::', 8],
  ],
};

const LISTS: readonly (readonly [AddressKind, BlockList])[] = [
  ['metadata', listOf(METADATA)],
  ...Object.entries(RANGES).map(([kind, ranges]) => [kind as AddressKind, listOf(ranges)] as const),
];

function listOf(ranges: readonly Range[]): BlockList {
  const list = new BlockList();
  for (const [network, bits] of ranges) list.addSubnet(network, bits, isIPv4(network) ? 'ipv4' : 'ipv6');
  return list;
}

/** What an IP address is; one that only wraps an IPv4 address is what that is. Anything else than an address is `reserved`. */
export function addressKind(address: string): AddressKind {
  const plain = address.replace(/%.*$/, '');
  if (isIPv4(plain)) return kindIn(plain, 'ipv4');
  if (!isIPv6(plain)) return 'reserved';
  const inner = innerAddress(plain);
  return inner === undefined ? kindIn(plain, 'ipv6') : kindIn(inner, 'ipv4');
}

function kindIn(address: string, family: 'ipv4' | 'ipv6'): AddressKind {
  return LISTS.find(([, list]) => list.check(address, family))?.[0] ?? 'public';
}

/** The IPv4 address that IPv4-mapped, IPv4-compatible, NAT64 (RFC 6052, RFC 8215), 6to4 and Teredo addresses lead to. */
function innerAddress(address: string): string | undefined {
  const words = wordsOf(address);
  const starts = (...prefix: readonly number[]): boolean => prefix.every((word, index) => words[index] === word);
  const at = (index: number, mask = 0): string => {
    const [high, low] = [(words[index] ?? 0) ^ mask, (words[index + 1] ?? 0) ^ mask];
    return `${high >> 8}.${high & 0xff}.${low >> 8}.${low & 0xff}`;
  };
  if (starts(0, 0, 0, 0, 0, 0xffff) || starts(0x64, 0xff9b, 0, 0, 0, 0) || starts(0x64, 0xff9b, 1)) return at(6);
  if (starts(0, 0, 0, 0, 0xffff, 0)) return at(6);
  if (starts(0, 0, 0, 0, 0, 0) && (words[6] !== 0 || (words[7] ?? 0) > 1)) return at(6);
  if (starts(0x2002)) return at(1);
  return starts(0x2001, 0) ? at(6, 0xffff) : undefined;
}

/** The eight words of an IPv6 address. */
function wordsOf(address: string): number[] {
  const hex = address.replace(/(\d+)\.(\d+)\.(\d+)\.(\d+)$/, (_, ...parts: string[]) => {
    const [a = 0, b = 0, c = 0, d = 0] = parts.slice(0, 4).map(Number);
    return `${((a << 8) | b).toString(16)}:${((c << 8) | d).toString(16)}`;
  });
  const [head = '', tail] = hex.split('::', 2);
  if (tail === undefined) return readWords(head);
  const [before, after] = [readWords(head), readWords(tail)];
  return [...before, ...Array.from({ length: 8 - before.length - after.length }, () => 0), ...after];
}

function readWords(text: string): number[] {
  return text === '' ? [] : text.split(':').map((word) => Number.parseInt(word, 16));
}
