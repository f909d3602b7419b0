import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { spawn } from 'node:child_process';
import { expect, test } from 'vitest';
import { ConflictError } from '#lib/errors.ts';
import { inNetns } from '#linux/netns.ts';
import { writeSysctl } from '#linux/sysctl.ts';
import {
  HOST,
  NEIGHBOUR,
  addressOf,
  ask,
  follow,
  here,
  namespaceOf,
  openIn,
  port,
  request,
  serve,
  sh,
  shIn,
  until,
  useOwnHost,
} from '../../../test/support/own-host.ts';

useOwnHost();

test('a port published on 127.0.0.1 is reached from the host alone', { timeout: 60_000 }, async () => {
  const networks = await openIn();
  const sandbox = await networks.attach(request('web', { ports: [port('127.0.0.1', 8080)] }));
  const other = await networks.attach(request('other'));
  await serve(namespaceOf(sandbox), 'web');
  expect(await ask(undefined, '127.0.0.1', { at: 8080 })).toBe('web');
  expect(await ask(undefined, HOST, { at: 8080 })).toBe('nothing');
  expect(await ask(here.neighbour, HOST, { at: 8080 })).toBe('nothing');
  // Packets to a loop-back address on the wire, from the neighbour and from another container.
  for (const [namespace, way] of [
    [here.neighbour, HOST],
    [namespaceOf(other), other.endpoints[0]?.gateway],
  ] as const) {
    inNetns(namespace, () => writeSysctl('net/ipv4/conf/all/route_localnet', '1'));
    shIn(namespace, `ip addr del 127.0.0.1/8 dev lo; ip route add 127.0.0.1 via ${way}`);
    expect(await ask(namespace, '127.0.0.1', { at: 8080 })).toBe('nothing');
  }
});

test('nothing but the published port leads to a container from outside', { timeout: 60_000 }, async () => {
  const networks = await openIn();
  const sandbox = await networks.attach(request('web', { ports: [port('', 8080)] }));
  await serve(namespaceOf(sandbox), 'web');
  await serve(namespaceOf(sandbox), 'private', { at: 81 });
  expect(await ask(here.neighbour, HOST, { at: 8080 })).toBe('web');
  expect(await ask(here.neighbour, addressOf(sandbox))).toBe('nothing');
  expect(await ask(here.neighbour, addressOf(sandbox), { at: 81 })).toBe('nothing');
  expect(await ask(undefined, addressOf(sandbox), { at: 81 })).toBe('private');
});

test('a published port is reached from the container itself and from its neighbours by the address of the host', async () => {
  const networks = await openIn();
  const sandbox = await networks.attach(request('web', { ports: [port('', 8080)] }));
  const other = await networks.attach(request('other'));
  await serve(namespaceOf(sandbox), 'web');
  expect(await ask(namespaceOf(sandbox), HOST, { at: 8080 })).toBe('web');
  expect(await ask(namespaceOf(other), HOST, { at: 8080 })).toBe('web');
});

test('datagrams are published too', async () => {
  const networks = await openIn();
  const ports = [port('', 5300, { protocol: 'udp', containerPort: 53 })];
  const sandbox = await networks.attach(request('dns', { ports }));
  await serve(namespaceOf(sandbox), 'datagram', { udp: true, at: 53 });
  expect(await ask(here.neighbour, HOST, { udp: true, at: 5300 })).toBe('datagram');
  expect(await ask(undefined, '127.0.0.1', { udp: true, at: 5300 })).toBe('datagram');
});

test('a client that keeps sending datagrams is led to the container that has the port now', async () => {
  const networks = await openIn();
  const ports = [port('', 5300, { protocol: 'udp', containerPort: 53 })];
  const former = await networks.attach(request('former', { ports }));
  await serve(namespaceOf(former), 'former', { udp: true, at: 53 });
  const answers = follow(here.neighbour, HOST, 5300);
  await until(() => answers.at(-1) === 'former');
  await networks.detach('former');
  await networks.attach(request('other'));
  const next = await networks.attach(request('next', { ports }));
  expect(addressOf(next)).not.toBe(addressOf(former));
  await serve(namespaceOf(next), 'next', { udp: true, at: 53 });
  await until(() => answers.at(-1) === 'next');
});

test('a port in use is refused with its owner, and nothing of the attempt stays', async () => {
  const networks = await openIn();
  await networks.attach(request('web', { ports: [port('127.0.0.1', 8080)] }));
  const text =
    'driver failed programming external connectivity on endpoint name-of-late: Bind for 0.0.0.0:8080 failed: port is already allocated';
  const ours = await networks
    .attach(request('late', { ports: [port('', 9090), port('', 8080)] }))
    .catch((error) => error);
  expect(ours).toBeInstanceOf(ConflictError);
  expect(ours).toMatchObject({ message: text, why: 'container name-of-web publishes it' });
  expect(readdirSync(join(here.root, 'aaaaaaaa/networks'))).toEqual(['web']);
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
    const networks = await openIn();
    const sandbox = await networks.attach(request('web', { ports: [port('', 8080)] }));
    await serve(namespaceOf(sandbox), 'web');
    await serve(here.neighbour, 'outside');
    expect(await ask(namespaceOf(sandbox), NEIGHBOUR)).toBe('outside');
    expect(await ask(here.neighbour, HOST, { at: 8080 })).toBe('web');
    expect(sh('nft list chain ip filter DOCKER-USER')).toContain('comment "berth_aaaaaaaa from berth-aaaaaaaa"');
    await networks.detach('web');
    const after = sh('nft list table ip filter; nft list table inet firewalld').replaceAll(
      /packets \d+ bytes \d+/g,
      '',
    );
    expect(after).toBe(before);
  },
);

// The program comes with iptables, which the engine itself does not need.
test.skipIf(!existsSync('/usr/sbin/iptables-legacy'))(
  'a firewall of the former interface that drops gets accept rules too',
  async () => {
    sh('iptables-legacy -P FORWARD DROP && iptables-legacy -A FORWARD -i lan0 -o lan0 -j ACCEPT');
    const before = sh('iptables-legacy -S');
    const networks = await openIn();
    const sandbox = await networks.attach(request('web', { ports: [port('', 8080)] }));
    await serve(namespaceOf(sandbox), 'web');
    expect(await ask(here.neighbour, HOST, { at: 8080 })).toBe('web');
    await networks.detach('web');
    expect(sh('iptables-legacy -S')).toBe(before);
  },
);

test('a firewalld that owns its table is asked to trust the bridge', async () => {
  const asked = join(here.root, 'asked');
  const folder = join(here.root, 'bin');
  mkdirSync(folder);
  writeFileSync(join(folder, 'firewall-cmd'), `#!/bin/sh\necho "$*" >> ${asked}\n`, { mode: 0o755 });
  const path = process.env['PATH'];
  process.env['PATH'] = `${folder}:${path}`;
  const firewalld = spawn('nft', ['--interactive'], { stdio: ['pipe', 'ignore', 'inherit'] });
  try {
    const chain = 'chain inet firewalld filter_FORWARD';
    firewalld.stdin.write('add table inet firewalld { flags owner; }\n');
    firewalld.stdin.write(`add ${chain} { type filter hook forward priority filter + 10; policy drop; }\n`);
    await until(() => sh('nft list chains').includes('filter_FORWARD'));
    const networks = await openIn();
    await networks.attach(request('web'));
    expect(readFileSync(asked, 'utf8')).toBe('--quiet --zone=trusted --change-interface=berth-aaaaaaaa\n');
  } finally {
    process.env['PATH'] = path;
    firewalld.kill();
  }
});

test('rules that another program removes come back', async () => {
  const networks = await openIn();
  const sandbox = await networks.attach(request('web', { ports: [port('', 8080)] }));
  await serve(namespaceOf(sandbox), 'web');
  sh('nft flush ruleset');
  await until(() => sh('nft list tables').includes('berth_aaaaaaaa'));
  expect(await ask(here.neighbour, HOST, { at: 8080 })).toBe('web');
});

test('a firewall that starts to refuse while a container runs is noticed', async () => {
  const networks = await openIn();
  const sandbox = await networks.attach(request('web'));
  await serve(here.neighbour, 'outside');
  sh(`nft -f - <<'X'
table ip filter {
  chain FORWARD {
    type filter hook forward priority filter; policy drop;
  }
}
X`);
  await until(() => sh('nft list table ip filter').includes('berth_aaaaaaaa'));
  expect(await ask(namespaceOf(sandbox), NEIGHBOUR)).toBe('outside');
});
