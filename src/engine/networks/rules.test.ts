import { expect, test } from 'vitest';
import { portsScript, tableScript } from './rules.ts';

const bridge = {
  bridge: 'berth-0000aaaa',
  subnet: '172.17.0.0/16',
  internal: false,
  masquerade: true,
  betweenContainers: true,
};
const port = { protocol: 'tcp', containerPort: 80, address: '172.17.0.2' } as const;

test('the former table goes at the moment the new one comes', () => {
  const script = tableScript('berth_0000aaaa', { bridges: [], ports: [] });
  expect(script).toMatch(/^table inet berth_0000aaaa\ndelete table inet berth_0000aaaa\ntable inet berth_0000aaaa \{/);
});

test('a port on one address is translated for that address alone', () => {
  const ports = [{ ...port, hostAddress: '127.0.0.1', hostPort: 8080 }];
  const script = tableScript('t', { bridges: [bridge], ports });
  expect(script).toContain('elements = { 127.0.0.1 . 8080 : 172.17.0.2 . 80 }');
  expect(script.match(/elements/g)).toHaveLength(1);
  expect(script).toContain('dnat ip to ip daddr . tcp dport map @tcp_at');
});

test('protocols do not mix, and every address is a map of its own', () => {
  const ports = [
    { ...port, hostAddress: '0.0.0.0', hostPort: 8080 },
    { ...port, hostAddress: '', hostPort: 8081 },
    { ...port, protocol: 'udp' as const, hostAddress: '', hostPort: 53, containerPort: 5353 },
  ];
  const script = tableScript('t', { bridges: [bridge], ports });
  expect(script).toMatch(/map tcp_any \{[^}]*elements = \{ 8080 : 172\.17\.0\.2 \. 80, 8081 : 172\.17\.0\.2 \. 80 \}/);
  expect(script).toMatch(/map udp_any \{[^}]*elements = \{ 53 : 172\.17\.0\.2 \. 5353 \}/);
});

test('ports that come and go are elements that come and go', () => {
  const one = { ...port, hostAddress: '', hostPort: 8080 };
  const two = { ...port, hostAddress: '127.0.0.1', hostPort: 8081 };
  expect(portsScript('t', { from: [one], to: [one, two] })).toBe(
    'add element inet t tcp_at { 127.0.0.1 . 8081 : 172.17.0.2 . 80 }\n',
  );
  expect(portsScript('t', { from: [one], to: [two] })).toBe(
    'delete element inet t tcp_any { 8080 : 172.17.0.2 . 80 }\n' +
      'add element inet t tcp_at { 127.0.0.1 . 8081 : 172.17.0.2 . 80 }\n',
  );
  expect(portsScript('t', { from: [one, two], to: [two, one] })).toBe('');
});

test('what nobody asked for is dropped on its way into a bridge', () => {
  const script = tableScript('t', { bridges: [bridge], ports: [] });
  expect(script).toContain(
    [
      '  chain to_berth_0000aaaa {',
      '    ct state established,related accept',
      '    ct status dnat accept',
      '    iifname "berth-0000aaaa" accept',
      '    drop',
      '  }',
    ].join('\n'),
  );
  expect(script).toContain('iifname != "lo" ip daddr 127.0.0.0/8 drop');
});

test('an internal network has no way out and no published ports', () => {
  const script = tableScript('t', { bridges: [{ ...bridge, internal: true }], ports: [] });
  expect(script).toContain('iifname "berth-0000aaaa" oifname != "berth-0000aaaa" drop');
  expect(script).not.toContain('ct status dnat accept');
  expect(script).not.toContain('oifname != "berth-0000aaaa" masquerade');
});

test('without icc containers of one bridge do not reach each other', () => {
  const script = tableScript('t', { bridges: [{ ...bridge, betweenContainers: false }], ports: [] });
  expect(script).not.toContain('iifname "berth-0000aaaa" accept');
});
