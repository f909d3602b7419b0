import { UnavailableError } from '#lib/errors.ts';
import { formatSubnet, overlaps, parseSubnet, sizeOf, type Subnet } from './address.ts';

/** A block that networks are cut from, and how long a network's prefix is. */
export interface AddressPool {
  base: string;
  size: number;
}

/** What Docker takes when nothing is configured. */
export const DEFAULT_POOLS: readonly AddressPool[] = [
  ...Array.from({ length: 15 }, (_, index) => ({ base: `172.${17 + index}.0.0/16`, size: 16 })),
  { base: '192.168.0.0/16', size: 20 },
];

/**
 * The first network of the pools that touches nothing in use.
 * @throws {UnavailableError} if all are taken
 */
export function chooseSubnet(pools: readonly AddressPool[], used: readonly Subnet[]): Subnet {
  for (const pool of pools) {
    const free = firstFree(pool, used);
    if (free !== undefined) return free;
  }
  throw new UnavailableError('all predefined address pools have been fully subnetted', {
    why: `${pools.map(({ base }) => base).join(', ')} are in use by networks and routes of this host`,
    hint: 'remove networks that are no longer used, or name a --subnet',
  });
}

function firstFree({ base, size }: AddressPool, used: readonly Subnet[]): Subnet | undefined {
  const pool = parseSubnet(base);
  const step = 2 ** (32 - size);
  let first = pool.first;
  while (first + step <= pool.first + sizeOf(pool)) {
    const candidate: Subnet = { first, prefixLength: size };
    const obstacle = used.find((other) => overlaps(other, candidate));
    if (obstacle === undefined) return candidate;
    // Beyond the obstacle at once: a pool may hold millions of networks.
    const end = obstacle.first + sizeOf(obstacle);
    first = Math.max(first + step, pool.first + Math.ceil((end - pool.first) / step) * step);
  }
  return undefined;
}

/** For an error's text. */
export function describe(subnets: readonly Subnet[]): string {
  return subnets.map(formatSubnet).join(', ');
}
