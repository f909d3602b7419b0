import { expect, test } from 'vitest';
import { ConflictError, InvalidArgumentError, UnavailableError } from '#lib/errors.ts';
import { type Database, openDatabase } from '#lib/sqlite.ts';
import { MIGRATIONS } from '../migrations.ts';
import { chooseAddress, openIpam } from './ipam.ts';
import { openNetworkRecords } from './network-records.ts';
import type { NetworkRecord } from './networks.ts';

const small: NetworkRecord = {
  id: 'n1',
  name: 'small',
  driver: 'bridge',
  created: 1,
  internal: false,
  labels: {},
  options: {},
  subnet: '10.9.0.0/29',
  gateway: '10.9.0.1',
  bridge: 'b',
};

function setUp(): Database {
  const database = openDatabase(':memory:', MIGRATIONS);
  openNetworkRecords(database).insert(small);
  return database;
}

const plan = (endpointId: string, request = {}) => ({ network: small, endpointId, request });

test('addresses are given from below, the gateway and the ends of the block left out', () => {
  const ipam = openIpam(setUp());
  const given = ['a', 'b', 'c', 'd', 'e'].map((id) => ipam.take({ id, name: id }, [plan(id)])[0]?.address);
  expect(given).toEqual(['10.9.0.2', '10.9.0.3', '10.9.0.4', '10.9.0.5', '10.9.0.6']);
  expect(() => ipam.take({ id: 'f', name: 'f' }, [plan('f')])).toThrow(UnavailableError);
});

test('an address that was given back is given again', () => {
  const ipam = openIpam(setUp());
  for (const id of ['a', 'b', 'c']) ipam.take({ id, name: id }, [plan(id)]);
  ipam.release('b');
  expect(ipam.take({ id: 'd', name: 'd' }, [plan('d')])[0]?.address).toBe('10.9.0.3');
});

test('an address asked for is given once', () => {
  const ipam = openIpam(setUp());
  expect(ipam.take({ id: 'a', name: 'a' }, [plan('a', { address: '10.9.0.5' })])[0]?.address).toBe('10.9.0.5');
  expect(() => ipam.take({ id: 'b', name: 'b' }, [plan('b', { address: '10.9.0.5' })])).toThrow(
    'Address already in use',
  );
  expect(() => chooseAddress(small, [], '10.10.0.5')).toThrow(InvalidArgumentError);
  expect(() => chooseAddress(small, [], '10.9.0.1')).toThrow(ConflictError);
});

test('an address can be asked for only where the user has chosen the subnet', () => {
  const ipam = openIpam(setUp());
  for (const network of [
    { ...small, isChosen: true },
    { ...small, name: 'bridge' },
  ])
    expect(() =>
      ipam.take({ id: 'a', name: 'a' }, [{ network, endpointId: 'a', request: { address: '10.9.0.5' } }]),
    ).toThrow('user specified IP address is supported');
});

test('addresses come from the range of the network', () => {
  expect(chooseAddress({ ...small, subnet: '10.9.0.0/16', addressRange: '10.9.5.0/24' }, []).address).toBe('10.9.5.0');
});

test('when one network has no address, none is taken in the others', () => {
  const database = setUp();
  const other = { ...small, id: 'n2', name: 'other', subnet: '10.8.0.0/30', gateway: '10.8.0.1' };
  openNetworkRecords(database).insert(other);
  const ipam = openIpam(database);
  ipam.take({ id: 'x', name: 'x' }, [{ network: other, endpointId: 'x', request: {} }]);
  const both = [plan('a1'), { network: other, endpointId: 'a2', request: {} }];
  expect(() => ipam.take({ id: 'a', name: 'a' }, both)).toThrow(UnavailableError);
  expect(ipam.ofContainer('a')).toEqual([]);
});

test('the database itself refuses an address twice', () => {
  const database = setUp();
  const insert = database.prepare('INSERT INTO endpoints (network, container, address, record) VALUES (?, ?, ?, ?)');
  insert.run('n1', 'a', '10.9.0.2', '{}');
  expect(() => insert.run('n1', 'b', '10.9.0.2', '{}')).toThrow('UNIQUE');
});

test('a hardware address asked for is one that an interface can have', () => {
  const ipam = openIpam(setUp());
  expect(ipam.take({ id: 'a', name: 'a' }, [plan('a', { mac: '02-42-AC-11-00-0A' })])[0]?.mac).toBe(
    '02:42:ac:11:00:0a',
  );
  for (const mac of ['x', '01:00:5e:00:00:01', '02:42:ac:11:00'])
    expect(() => ipam.take({ id: 'b', name: 'b' }, [plan('b', { mac })])).toThrow(InvalidArgumentError);
});
