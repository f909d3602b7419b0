import { isIPv4 } from 'node:net';
import { InvalidArgumentError } from '#lib/errors.ts';
import type { AddressPool } from './options.ts';

/** Reads `base=10.10.0.0/16,size=24`. @throws {InvalidArgumentError} */
export function parsePool(text: string): AddressPool {
  const fields = new Map(text.split(',').map((part) => part.split('=', 2) as [string, string | undefined]));
  const pool = { base: fields.get('base') ?? '', size: Number(fields.get('size')) };
  return checkPool(pool, text);
}

/** @throws {InvalidArgumentError} if the base is no IPv4 network or the size does not fit into it */
export function checkPool(pool: AddressPool, text: string): AddressPool {
  const prefix = networkPrefix(pool.base);
  if (prefix === undefined || !Number.isInteger(pool.size) || pool.size < prefix || pool.size > 30)
    throw new InvalidArgumentError(`invalid address pool: ${text}`, {
      why: 'base must be an IPv4 network and size a prefix length from that of the base to 30',
      hint: 'for example base=10.10.0.0/16,size=24',
    });
  return pool;
}

/** @throws {InvalidArgumentError} if the text is no IPv4 address with a prefix length up to 30 */
export function checkBridgeAddress(text: string): string {
  const prefix = networkPrefix(text);
  if (prefix === undefined || prefix > 30)
    throw new InvalidArgumentError(`invalid --bip: ${text}`, { hint: 'for example 10.88.0.1/16' });
  return text;
}

/** @throws {InvalidArgumentError} */
export function readNumber(name: string, text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new InvalidArgumentError(`invalid argument ${JSON.stringify(text)} for ${name}`);
  return Number(text);
}

function networkPrefix(text: string): number | undefined {
  const [address = '', prefix = '', ...more] = text.split('/');
  if (!isIPv4(address) || !/^\d{1,2}$/.test(prefix) || Number(prefix) > 32 || more.length > 0) return undefined;
  return Number(prefix);
}
