import { mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { NotFoundError, PermissionDeniedError } from '#lib/errors.ts';
import {
  HOST,
  NEIGHBOUR,
  addressOf,
  ask,
  here,
  namespaceOf,
  openIn,
  port,
  request,
  serve,
  sh,
  shIn,
  useOwnHost,
} from '../../../test/support/own-host.ts';
import { openDatabase } from '#lib/sqlite.ts';
import { MIGRATIONS } from '../migrations.ts';

useOwnHost();

test('fifty containers come and go and nothing stays', { timeout: 60_000 }, async () => {
  const networks = await openIn();
  const ids = Array.from({ length: 50 }, (_, index) => `c${index}`);
  const sandboxes = await Promise.all(ids.map(async (id) => networks.attach(request(id, { ports: [port('', 0)] }))));
  expect(new Set(sandboxes.map(addressOf)).size).toBe(50);
  expect(new Set(sandboxes.map(({ ports }) => ports[0]?.hostPort)).size).toBe(50);
  await Promise.all(ids.map(async (id) => networks.detach(id)));
  expect(readdirSync(join(here.root, 'aaaaaaaa/networks'))).toEqual([]);
  expect(openDatabase(join(here.root, 'aaaaaaaa.db'), MIGRATIONS).prepare('SELECT * FROM endpoints').all()).toEqual([]);
  expect(sh('nft list ruleset')).not.toContain('elements');
  expect(sh('cat /proc/self/mountinfo')).not.toContain(join(here.root, 'aaaaaaaa'));
  // The kernel takes the interfaces of a dropped namespace away in its own time.
  for (let tries = 0; tries < 100 && sh('ip -br link').includes('bvaaaaaaaa'); tries++) await sleep(50);
  expect(sh('ip -br link')).not.toContain('bvaaaaaaaa');
  await networks.teardown();
  expect(sh('ip -br link')).not.toContain('berth');
  expect(sh('nft list tables')).not.toContain('berth');
});

test('a container reaches its neighbours and the world, and the world sees the address of the host', async () => {
  const networks = await openIn();
  const one = await networks.attach(request('one'));
  const two = await networks.attach(request('two'));
  await serve(namespaceOf(one), 'one');
  expect(await ask(namespaceOf(two), addressOf(one))).toBe('one');
  shIn(here.neighbour, 'ip route del default');
  await serve(here.neighbour, 'outside');
  expect(await ask(namespaceOf(two), NEIGHBOUR)).toBe('outside');
});

test('two engines live side by side and one goes without a trace in the other', { timeout: 60_000 }, async () => {
  const [a, b] = await Promise.all([openIn('aaaaaaaa'), openIn('bbbbbbbb')]);
  expect((await a.get('bridge')).subnet).not.toBe((await b.get('bridge')).subnet);
  const one = await a.attach(request('one', { ports: [port('', 8080)] }));
  const two = await b.attach(request('two', { ports: [port('', 8081)] }));
  await serve(namespaceOf(one), 'one');
  await serve(namespaceOf(two), 'two');
  expect(await ask(namespaceOf(one), addressOf(two))).toBe('nothing');
  await expect(b.attach(request('three', { ports: [port('', 8080)] }))).rejects.toThrow('port is already allocated');
  await b.teardown();
  expect(sh('nft list tables; ip -br link')).not.toContain('bbbbbbbb');
  expect(await ask(undefined, '127.0.0.1', { at: 8080 })).toBe('one');
  expect(await ask(here.neighbour, HOST, { at: 8080 })).toBe('one');
});

test(
  'an engine that was killed finds the networks of running containers and clears the others',
  { timeout: 60_000 },
  async () => {
    const killed = await openIn();
    const alive = await killed.attach(request('alive', { ports: [port('', 8080)] }));
    await killed.attach(request('gone', { ports: [port('', 8081)] }));
    await serve(namespaceOf(alive), 'alive');
    mkdirSync(join(here.root, 'aaaaaaaa/networks/half'));
    sh('nft delete table inet berth_aaaaaaaa');
    const networks = await openIn();
    await networks.reconcile(new Set(['alive']));
    expect(readdirSync(join(here.root, 'aaaaaaaa/networks'))).toEqual(['alive']);
    expect(await networks.sandbox('gone')).toBeUndefined();
    expect(await networks.sandbox('alive')).toEqual(alive);
    expect(await ask(here.neighbour, HOST, { at: 8080 })).toBe('alive');
    const next = await networks.attach(request('next'));
    expect(addressOf(next)).not.toBe(addressOf(alive));
  },
);

test('chosen addresses move out of the way of a new route, those asked for do not', async () => {
  const networks = await openIn();
  const { subnet } = await networks.get('bridge');
  await networks.create({ name: 'asked', subnet: '10.99.0.0/24' });
  sh('ip link delete berth-aaaaaaaa && ip link add other type bridge && ip link set other up');
  sh(`ip addr add ${subnet?.replace('.0.0/16', '.0.9/24')} dev other && ip addr add 10.99.0.9/24 dev other`);
  const one = await networks.attach(request('one'));
  expect(addressOf(one)).not.toMatch(/^172\.17\./);
  const two = await networks.attach(request('two', { mode: 'asked' }));
  expect(addressOf(two)).toBe('10.99.0.2');
});

test('a container whose bridge was taken away is plugged in again', async () => {
  const networks = await openIn();
  const one = await networks.attach(request('one'));
  await serve(namespaceOf(one), 'one');
  sh('ip link delete berth-aaaaaaaa');
  expect(await ask(undefined, addressOf(one))).toBe('nothing');
  await (await openIn()).reconcile(new Set(['one']));
  expect(await ask(undefined, addressOf(one))).toBe('one');
});

test('containers of a user network know each other by name, also those that were there before', async () => {
  const networks = await openIn();
  const told = new Map<string, string>();
  networks.onHosts((containerId, hosts) => told.set(containerId, hosts));
  const { id } = await networks.create({ name: 'team', labels: { a: 'b' } });
  const one = await networks.attach(request('one', { mode: 'team' }));
  const two = await networks.attach(request('two', { mode: id, endpoints: { team: { aliases: ['db'] } } }));
  expect(two.hosts).toContain(`${addressOf(one)}\tname-of-one one`);
  expect(told.get('one')).toContain(`${addressOf(two)}\tname-of-two db two`);
  await networks.rename('two', 'second');
  expect(told.get('one')).toContain(`${addressOf(two)}\tsecond db two`);
  expect((await networks.endpointsOf(id)).get('two')?.containerName).toBe('second');
  await networks.detach('two');
  expect(told.get('one')).not.toContain('name-of-two');
  await expect(networks.remove('team')).rejects.toThrow(PermissionDeniedError);
  await networks.detach('one');
  await networks.remove('team');
  await expect(networks.get('team')).rejects.toThrow(NotFoundError);
  expect(sh('ip -br link')).not.toContain('bnaaaaaaaa');
  expect(here.published.map(({ action }) => action)).toEqual([
    'create',
    'connect',
    'connect',
    'disconnect',
    'disconnect',
    'destroy',
  ]);
});

test('a running container joins a further network and leaves it', async () => {
  const networks = await openIn();
  await networks.create({ name: 'team', subnet: '10.66.0.0/24' });
  const inside = await networks.attach(request('inside', { mode: 'team' }));
  const web = await networks.attach(request('web'));
  await serve(namespaceOf(inside), 'inside');
  expect(await ask(namespaceOf(web), addressOf(inside))).toBe('nothing');
  const endpoint = await networks.connect('team', 'web', { address: '10.66.0.9' });
  expect(endpoint.address).toBe('10.66.0.9');
  expect(await ask(namespaceOf(web), addressOf(inside))).toBe('inside');
  await expect(networks.connect('team', 'web', {})).rejects.toThrow(PermissionDeniedError);
  await networks.disconnect('team', 'web');
  expect(await ask(namespaceOf(web), addressOf(inside))).toBe('nothing');
  expect((await networks.sandbox('web'))?.endpoints).toHaveLength(1);
});

test('an internal network has no way out', async () => {
  const networks = await openIn();
  await networks.create({ name: 'closed', internal: true });
  const one = await networks.attach(request('one', { mode: 'closed', ports: [port('', 8080)] }));
  const two = await networks.attach(request('two', { mode: 'closed' }));
  await serve(namespaceOf(one), 'one');
  await serve(here.neighbour, 'outside');
  expect(one.ports).toEqual([]);
  expect(await ask(namespaceOf(two), addressOf(one))).toBe('one');
  shIn(namespaceOf(two), `ip route add default via ${two.endpoints[0]?.gateway}`);
  expect(await ask(namespaceOf(two), NEIGHBOUR)).toBe('nothing');
});

test('the modes none and host need no address', async () => {
  const networks = await openIn();
  const none = await networks.attach(request('none', { mode: 'none' }));
  expect(shIn(namespaceOf(none), 'ip -br addr')).toMatch(/^lo +UNKNOWN +127\.0\.0\.1\/8[^\n]*\n$/);
  const host = await networks.attach(request('host', { mode: 'host', extraHosts: ['db:10.0.0.5'] }));
  expect(host.namespacePath).toBeUndefined();
  expect(host.hosts).toContain('10.0.0.5\tdb');
  expect([...(await networks.endpointsOf((await networks.get('none')).id)).keys()]).toEqual(['none']);
  await networks.detach('host');
  await networks.detach('none');
});
