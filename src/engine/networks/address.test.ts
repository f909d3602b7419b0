import { expect, test } from 'vitest';
import { InvalidArgumentError, UnavailableError } from '#lib/errors.ts';
import { contains, formatAddress, formatSubnet, macOf, overlaps, parseAddress, parseSubnet } from './address.ts';
import { chooseSubnet, DEFAULT_POOLS } from './pools.ts';

const subnets = (...texts: string[]) => texts.map(parseSubnet);

test('addresses survive becoming numbers, high ones too', () => {
  for (const text of ['0.0.0.0', '10.1.2.3', '172.17.0.2', '255.255.255.255'])
    expect(formatAddress(parseAddress(text))).toBe(text);
});

test('what is no address or subnet is refused', () => {
  for (const text of ['256.0.0.1', '1.2.3', '1.2.3.4.5', 'fd00::1', ''])
    expect(() => parseAddress(text)).toThrow(InvalidArgumentError);
  for (const text of ['10.0.0.0', '10.0.0.0/33', 'fd00::/64', '/8'])
    expect(() => parseSubnet(text)).toThrow(InvalidArgumentError);
});

test('host bits of a subnet are cleared', () => {
  expect(formatSubnet(parseSubnet('10.88.3.1/16'))).toBe('10.88.0.0/16');
});

test('overlap and membership look at whole blocks', () => {
  const [big, inside, beside] = subnets('172.16.0.0/12', '172.31.255.0/24', '172.32.0.0/16');
  expect(overlaps(big!, inside!)).toBe(true);
  expect(overlaps(inside!, big!)).toBe(true);
  expect(overlaps(big!, beside!)).toBe(false);
  expect(contains(beside!, parseAddress('172.32.255.255'))).toBe(true);
  expect(contains(beside!, parseAddress('172.33.0.0'))).toBe(false);
});

test('the first network is the one that Docker would take', () => {
  expect(formatSubnet(chooseSubnet(DEFAULT_POOLS, []))).toBe('172.17.0.0/16');
});

test('a network touches no route, no other network and no name server', () => {
  const used = subnets('172.17.0.0/16', '172.18.3.0/24', '172.19.1.1/32', '172.20.0.0/14', '10.0.0.0/8');
  expect(formatSubnet(chooseSubnet(DEFAULT_POOLS, used))).toBe('172.24.0.0/16');
});

test('pools are cut where the last network ends', () => {
  const pools = [{ base: '10.10.0.0/16', size: 24 }];
  expect(formatSubnet(chooseSubnet(pools, subnets('10.10.0.0/23', '10.10.2.128/25')))).toBe('10.10.3.0/24');
  expect(() => chooseSubnet(pools, subnets('10.0.0.0/8'))).toThrow(UnavailableError);
});

test('an address says its hardware address', () => {
  expect(macOf('172.17.0.10')).toBe('02:42:ac:11:00:0a');
});
