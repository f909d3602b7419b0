import { InvalidArgumentError } from '#lib/errors.ts';

/** A block of IPv4 addresses: its first address as a number, and how many leading bits are fixed. */
export interface Subnet {
  first: number;
  prefixLength: number;
}

/** @throws {InvalidArgumentError} */
export function parseAddress(text: string): number {
  const parts = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/.exec(text)?.slice(1).map(Number);
  if (parts === undefined || parts.some((part) => part > 255))
    throw new InvalidArgumentError(`invalid IPv4 address: ${JSON.stringify(text)}`);
  return parts.reduce((all, part) => all * 256 + part, 0);
}

export function isAddress(text: string): boolean {
  return /^(\d{1,3}\.){3}\d{1,3}$/.test(text) && text.split('.').every((part) => Number(part) <= 255);
}

export function formatAddress(address: number): string {
  return [24, 16, 8, 0].map((shift) => Math.floor(address / 2 ** shift) % 256).join('.');
}

/**
 * `172.17.0.0/16`; host bits are cleared, as Docker does.
 * @throws {InvalidArgumentError}
 */
export function parseSubnet(text: string): Subnet {
  const [, address = '', length = ''] = /^([\d.]+)\/(\d{1,2})$/.exec(text) ?? [];
  const prefixLength = Number(length);
  if (length === '' || prefixLength > 32) throw new InvalidArgumentError(`invalid CIDR address: ${text}`);
  const size = 2 ** (32 - prefixLength);
  return { first: Math.floor(parseAddress(address) / size) * size, prefixLength };
}

export function formatSubnet({ first, prefixLength }: Subnet): string {
  return `${formatAddress(first)}/${prefixLength}`;
}

/** How many addresses it has. */
export function sizeOf({ prefixLength }: Subnet): number {
  return 2 ** (32 - prefixLength);
}

export function contains(subnet: Subnet, address: number): boolean {
  return address >= subnet.first && address < subnet.first + sizeOf(subnet);
}

export function overlaps(a: Subnet, b: Subnet): boolean {
  return a.first < b.first + sizeOf(b) && b.first < a.first + sizeOf(a);
}

/** The hardware address that goes with an address, so that a neighbour's memory of it stays right when another container gets it. */
export function macOf(address: string): string {
  const parts = address.split('.').map((part) => Number(part).toString(16).padStart(2, '0'));
  return `02:42:${parts.join(':')}`;
}
