import { execFile, execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, existsSync, mkdirSync, mkdtempSync, openSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { afterAll, afterEach, beforeEach, expect, test } from 'vitest';
import { ConflictError, NotFoundError, PermissionDeniedError } from '#lib/errors.ts';
import { silentLog } from '#lib/log.ts';
import { type Database, openDatabase } from '#lib/sqlite.ts';
import { c } from '#linux/ffi.ts';
import { createNetns, inNetns, removeNetns } from '#linux/netns.ts';
import { writeSysctl } from '#linux/sysctl.ts';
import type { EngineEvent } from '../events/events.ts';
import { MIGRATIONS } from '../migrations.ts';
import type { NetworkRequest, Networks, PortRequest, Sandbox } from './networks.ts';
import { openNetworks } from './open-networks.ts';

// Every test has a network namespace of its own for its host, so that nothing of the machine is seen or touched:
//   neighbour 10.77.0.2 ── 10.77.0.1 host ── bridges ── containers
const CLONE_NEWNET = 0x40000000;
const HOST = '10.77.0.1';
const NEIGHBOUR = '10.77.0.2';
const machine = openSync('/proc/thread-self/ns/net', 'r');

let root: string;
let neighbour: string;
let published: Omit<EngineEvent, 'timeNano'>[];
const databases: Database[] = [];
const programs: ChildProcess[] = [];

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'networks-'));
  neighbour = join(root, 'neighbour');
  published = [];
  if (c.unshare(CLONE_NEWNET) !== 0) throw new Error('this test needs root');
  createNetns(neighbour);
  sh('ip link set lo up && ip link add lan0 type veth peer name lan1');
  sh(`ip link set lan1 netns ${neighbour} && ip addr add ${HOST}/24 dev lan0 && ip link set lan0 up`);
  shIn(neighbour, `ip addr add ${NEIGHBOUR}/24 dev lan1 && ip link set lan1 up && ip link set lo up`);
  shIn(neighbour, `ip route add default via ${HOST}`);
});

afterEach(() => {
  for (const program of programs.splice(0)) program.kill('SIGKILL');
  for (const database of databases.splice(0)) database.close();
  for (const engine of ['aaaaaaaa', 'bbbbbbbb']) {
    const folder = join(root, engine, 'networks');
    for (const id of existsSync(folder) ? readdirSync(folder) : []) removeNetns(join(folder, id, 'ns'));
  }
  removeNetns(neighbour);
  rmSync(root, { recursive: true, force: true });
});

afterAll(() => {
  c.setns(machine, CLONE_NEWNET);
  closeSync(machine);
});

function sh(script: string): string {
  return execFileSync('sh', ['-c', script], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
}

function shIn(namespace: string, script: string): string {
  return execFileSync('nsenter', [`--net=${namespace}`, 'sh', '-c', script], { encoding: 'utf8' });
}

/** Opens the networks of an engine with this id, as after each of its starts. */
async function open(engineId = 'aaaaaaaa'): Promise<Networks> {
  const execRoot = join(root, engineId);
  mkdirSync(execRoot, { recursive: true });
  const database = openDatabase(join(root, `${engineId}.db`), MIGRATIONS);
  databases.push(database);
  const events = { publish: (event: Omit<EngineEvent, 'timeNano'>) => void published.push(event), subscribe: nobody };
  const options = { bridgeAddress: undefined, addressPools: [], dns: [], mtu: undefined };
  return openNetworks({ database, engineId, dataRoot: root, execRoot, events, log: silentLog, options });
}

async function* nobody(): AsyncGenerator<EngineEvent> {}

function request(containerId: string, more: Partial<NetworkRequest> = {}): NetworkRequest {
  return {
    containerId,
    containerName: `name-of-${containerId}`,
    hostname: containerId,
    mode: 'bridge',
    endpoints: {},
    ports: [],
    dns: [],
    dnsSearch: [],
    dnsOptions: [],
    extraHosts: [],
    ...more,
  };
}

const port = (hostAddress: string, hostPort: number, more: Partial<PortRequest> = {}): PortRequest => ({
  protocol: 'tcp',
  containerPort: 80,
  hostAddress,
  hostPort,
  ...more,
});

/** A server that answers every connection or datagram with `text`; undefined = on the host. */
async function serve(namespace: string | undefined, text: string, { udp = false, at = 80 } = {}): Promise<void> {
  const script = udp
    ? `const s=require('dgram').createSocket('udp4');s.on('message',(m,p)=>s.send(${JSON.stringify(text)},p.port,p.address));s.bind(${at},()=>console.log('up'))`
    : `require('net').createServer(s=>s.on('error',()=>{}).end(${JSON.stringify(text)})).listen(${at},'0.0.0.0',()=>console.log('up'))`;
  const enter = namespace === undefined ? [] : ['nsenter', `--net=${namespace}`];
  const [command, ...args] = [...enter, process.execPath, '-e', script];
  const program = spawn(command, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  programs.push(program);
  if (program.stdout !== null) await once(program.stdout, 'data');
}

/** What a server answers; `nothing` if it cannot be reached within a second. */
async function ask(namespace: string | undefined, address: string, { udp = false, at = 80 } = {}): Promise<string> {
  const script = udp
    ? `const s=require('dgram').createSocket('udp4');s.on('message',m=>{console.log(''+m);process.exit()});s.send('x',${at},'${address}')`
    : `require('net').connect(${at},'${address}').on('data',d=>{console.log(''+d);process.exit()}).on('error',()=>process.exit())`;
  const enter = namespace === undefined ? [] : ['nsenter', `--net=${namespace}`];
  const [command, ...args] = [...enter, process.execPath, '-e', `setTimeout(()=>process.exit(),1000);${script}`];
  const { stdout } = await promisify(execFile)(command, args);
  return stdout.trim() || 'nothing';
}

const namespaceOf = ({ namespacePath }: Sandbox): string => namespacePath ?? '';
const addressOf = ({ endpoints }: Sandbox): string => endpoints[0]?.address ?? '';

test('fifty containers come and go and nothing stays', { timeout: 60_000 }, async () => {
  const networks = await open();
  const ids = Array.from({ length: 50 }, (_, index) => `c${index}`);
  const sandboxes = await Promise.all(ids.map(async (id) => networks.attach(request(id, { ports: [port('', 0)] }))));
  expect(new Set(sandboxes.map(addressOf)).size).toBe(50);
  expect(new Set(sandboxes.map(({ ports }) => ports[0]?.hostPort)).size).toBe(50);
  await Promise.all(ids.map(async (id) => networks.detach(id)));
  expect(readdirSync(join(root, 'aaaaaaaa/networks'))).toEqual([]);
  expect(databases[0]?.prepare('SELECT * FROM endpoints').all()).toEqual([]);
  expect(sh('nft list ruleset')).not.toContain('elements');
  expect(sh('cat /proc/self/mountinfo')).not.toContain(join(root, 'aaaaaaaa'));
  // The kernel takes the interfaces of a dropped namespace away in its own time.
  for (let tries = 0; tries < 100 && sh('ip -br link').includes('bvaaaaaaaa'); tries++) await sleep(50);
  expect(sh('ip -br link')).not.toContain('bvaaaaaaaa');
  await networks.teardown();
  expect(sh('ip -br link')).not.toContain('berth');
  expect(sh('nft list tables')).not.toContain('berth');
});

test('a container reaches its neighbours and the world, and the world sees the address of the host', async () => {
  const networks = await open();
  const one = await networks.attach(request('one'));
  const two = await networks.attach(request('two'));
  await serve(namespaceOf(one), 'one');
  expect(await ask(namespaceOf(two), addressOf(one))).toBe('one');
  shIn(neighbour, 'ip route del default');
  await serve(neighbour, 'outside');
  expect(await ask(namespaceOf(two), NEIGHBOUR)).toBe('outside');
});

test('a port published on 127.0.0.1 is reached from the host alone', { timeout: 60_000 }, async () => {
  const networks = await open();
  const sandbox = await networks.attach(request('web', { ports: [port('127.0.0.1', 8080)] }));
  const other = await networks.attach(request('other'));
  await serve(namespaceOf(sandbox), 'web');
  expect(await ask(undefined, '127.0.0.1', { at: 8080 })).toBe('web');
  expect(await ask(undefined, HOST, { at: 8080 })).toBe('nothing');
  expect(await ask(neighbour, HOST, { at: 8080 })).toBe('nothing');
  // Packets to a loop-back address on the wire, from the neighbour and from another container.
  for (const [namespace, way] of [
    [neighbour, HOST],
    [namespaceOf(other), other.endpoints[0]?.gateway],
  ] as const) {
    inNetns(namespace, () => writeSysctl('net/ipv4/conf/all/route_localnet', '1'));
    shIn(namespace, `ip addr del 127.0.0.1/8 dev lo; ip route add 127.0.0.1 via ${way}`);
    expect(await ask(namespace, '127.0.0.1', { at: 8080 })).toBe('nothing');
  }
});

test('nothing but the published port leads to a container from outside', { timeout: 60_000 }, async () => {
  const networks = await open();
  const sandbox = await networks.attach(request('web', { ports: [port('', 8080)] }));
  await serve(namespaceOf(sandbox), 'web');
  await serve(namespaceOf(sandbox), 'private', { at: 81 });
  expect(await ask(neighbour, HOST, { at: 8080 })).toBe('web');
  expect(await ask(neighbour, addressOf(sandbox))).toBe('nothing');
  expect(await ask(neighbour, addressOf(sandbox), { at: 81 })).toBe('nothing');
  expect(await ask(undefined, addressOf(sandbox), { at: 81 })).toBe('private');
});

test('a published port is reached from the container itself and from its neighbours by the address of the host', async () => {
  const networks = await open();
  const sandbox = await networks.attach(request('web', { ports: [port('', 8080)] }));
  const other = await networks.attach(request('other'));
  await serve(namespaceOf(sandbox), 'web');
  expect(await ask(namespaceOf(sandbox), HOST, { at: 8080 })).toBe('web');
  expect(await ask(namespaceOf(other), HOST, { at: 8080 })).toBe('web');
});

test('datagrams are published too', async () => {
  const networks = await open();
  const ports = [port('', 5300, { protocol: 'udp', containerPort: 53 })];
  const sandbox = await networks.attach(request('dns', { ports }));
  await serve(namespaceOf(sandbox), 'datagram', { udp: true, at: 53 });
  expect(await ask(neighbour, HOST, { udp: true, at: 5300 })).toBe('datagram');
  expect(await ask(undefined, '127.0.0.1', { udp: true, at: 5300 })).toBe('datagram');
});

test('a port in use is refused with its owner, and nothing of the attempt stays', async () => {
  const networks = await open();
  await networks.attach(request('web', { ports: [port('127.0.0.1', 8080)] }));
  const text =
    'driver failed programming external connectivity on endpoint name-of-late: Bind for 0.0.0.0:8080 failed: port is already allocated';
  const ours = await networks
    .attach(request('late', { ports: [port('', 9090), port('', 8080)] }))
    .catch((error) => error);
  expect(ours).toBeInstanceOf(ConflictError);
  expect(ours).toMatchObject({ message: text, why: 'container name-of-web publishes it' });
  expect(readdirSync(join(root, 'aaaaaaaa/networks'))).toEqual(['web']);
  expect((await networks.endpointsOf((await networks.get('bridge')).id)).size).toBe(1);
  await serve(undefined, 'host', { at: 7070 });
  const theirs = await networks.attach(request('late', { ports: [port('', 7070)] })).catch((error) => error);
  expect(theirs).toMatchObject({ why: 'another program of this host listens on 0.0.0.0:7070' });
  await networks.detach('web');
  const late = await networks.attach(request('late', { ports: [port('', 9090), port('', 8080)] }));
  expect(late.ports.map(({ hostPort }) => hostPort)).toEqual([9090, 8080]);
});

test(
  'a foreign forward chain that drops gets accept rules while a container runs, and no longer',
  { timeout: 60_000 },
  async () => {
    sh(`nft -f - <<'X'
table ip filter {
  chain DOCKER-USER { counter return; }
  chain FORWARD { type filter hook forward priority filter; policy drop; counter jump DOCKER-USER; }
}
table inet firewalld {
  chain filter_FORWARD { type filter hook forward priority filter + 10; policy accept; ct state established accept; reject with icmpx admin-prohibited; }
}
X`);
    const before = sh('nft list table ip filter; nft list table inet firewalld').replaceAll(
      /packets \d+ bytes \d+/g,
      '',
    );
    const networks = await open();
    const sandbox = await networks.attach(request('web', { ports: [port('', 8080)] }));
    await serve(namespaceOf(sandbox), 'web');
    await serve(neighbour, 'outside');
    expect(await ask(namespaceOf(sandbox), NEIGHBOUR)).toBe('outside');
    expect(await ask(neighbour, HOST, { at: 8080 })).toBe('web');
    expect(sh('nft list chain ip filter DOCKER-USER')).toContain('comment "berth_aaaaaaaa from berth-aaaaaaaa"');
    await networks.detach('web');
    const after = sh('nft list table ip filter; nft list table inet firewalld').replaceAll(
      /packets \d+ bytes \d+/g,
      '',
    );
    expect(after).toBe(before);
  },
);

test('two engines live side by side and one goes without a trace in the other', { timeout: 60_000 }, async () => {
  const [a, b] = await Promise.all([open('aaaaaaaa'), open('bbbbbbbb')]);
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
  expect(await ask(neighbour, HOST, { at: 8080 })).toBe('one');
});

test(
  'an engine that was killed finds the networks of running containers and clears the others',
  { timeout: 60_000 },
  async () => {
    const killed = await open();
    const alive = await killed.attach(request('alive', { ports: [port('', 8080)] }));
    await killed.attach(request('gone', { ports: [port('', 8081)] }));
    await serve(namespaceOf(alive), 'alive');
    mkdirSync(join(root, 'aaaaaaaa/networks/half'));
    sh('nft delete table inet berth_aaaaaaaa');
    const networks = await open();
    await networks.reconcile(new Set(['alive']));
    expect(readdirSync(join(root, 'aaaaaaaa/networks'))).toEqual(['alive']);
    expect(await networks.sandbox('gone')).toBeUndefined();
    expect(await networks.sandbox('alive')).toEqual(alive);
    expect(await ask(neighbour, HOST, { at: 8080 })).toBe('alive');
    const next = await networks.attach(request('next'));
    expect(addressOf(next)).not.toBe(addressOf(alive));
  },
);

test('containers of a user network know each other by name, also those that were there before', async () => {
  const networks = await open();
  const told = new Map<string, string>();
  networks.onHosts((containerId, hosts) => told.set(containerId, hosts));
  const { id } = await networks.create({ name: 'team', labels: { a: 'b' } });
  const one = await networks.attach(request('one', { mode: 'team' }));
  const two = await networks.attach(request('two', { mode: id, endpoints: { team: { aliases: ['db'] } } }));
  expect(two.hosts).toContain(`${addressOf(one)}\tname-of-one one`);
  expect(told.get('one')).toContain(`${addressOf(two)}\tname-of-two db two`);
  await networks.detach('two');
  expect(told.get('one')).not.toContain('name-of-two');
  await expect(networks.remove('team')).rejects.toThrow(PermissionDeniedError);
  await networks.detach('one');
  await networks.remove('team');
  await expect(networks.get('team')).rejects.toThrow(NotFoundError);
  expect(sh('ip -br link')).not.toContain('bnaaaaaaaa');
  expect(published.map(({ action }) => action)).toEqual([
    'create',
    'connect',
    'connect',
    'disconnect',
    'disconnect',
    'destroy',
  ]);
});

test('a running container joins a further network and leaves it', async () => {
  const networks = await open();
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
  const networks = await open();
  await networks.create({ name: 'closed', internal: true });
  const one = await networks.attach(request('one', { mode: 'closed', ports: [port('', 8080)] }));
  const two = await networks.attach(request('two', { mode: 'closed' }));
  await serve(namespaceOf(one), 'one');
  await serve(neighbour, 'outside');
  expect(one.ports).toEqual([]);
  expect(await ask(namespaceOf(two), addressOf(one))).toBe('one');
  shIn(namespaceOf(two), `ip route add default via ${two.endpoints[0]?.gateway}`);
  expect(await ask(namespaceOf(two), NEIGHBOUR)).toBe('nothing');
});

test('the modes none and host need no address', async () => {
  const networks = await open();
  const none = await networks.attach(request('none', { mode: 'none' }));
  expect(shIn(namespaceOf(none), 'ip -br addr')).toMatch(/^lo +UNKNOWN +127\.0\.0\.1\/8[^\n]*\n$/);
  const host = await networks.attach(request('host', { mode: 'host', extraHosts: ['db:10.0.0.5'] }));
  expect(host.namespacePath).toBeUndefined();
  expect(host.hosts).toContain('10.0.0.5\tdb');
  expect([...(await networks.endpointsOf((await networks.get('none')).id)).keys()]).toEqual(['none']);
  await networks.detach('host');
  await networks.detach('none');
});
