import { expect, test } from 'vitest';
import { InvalidArgumentError } from '#lib/errors.ts';
import { containerHosts, extendedHosts, parseExtraHosts } from './hosts-file.ts';
import { containerResolvConf, hostResolvConf, isResolvedStub, parseResolvConf } from './resolv-conf.ts';

const nothing = { dns: [], dnsSearch: [], dnsOptions: [] };

test('comments, doubled keywords and odd spacing are read as the C library does', () => {
  const text = '# x\nnameserver  10.0.0.1 # one\n;no\nsearch a\nsearch b c\noptions ndots:2\nnameserver 10.0.0.2';
  expect(parseResolvConf(text)).toEqual({
    nameservers: ['10.0.0.1', '10.0.0.2'],
    search: ['b', 'c'],
    options: ['ndots:2'],
  });
});

test('servers that a container cannot reach are left out with a warning', () => {
  const host = parseResolvConf('nameserver 127.0.0.1\nnameserver 10.0.0.1\nnameserver fd00::1\nsearch corp');
  const { text, warnings } = containerResolvConf(host, nothing);
  expect(text).toBe('nameserver 10.0.0.1\nsearch corp\n');
  expect(warnings).toEqual([expect.stringContaining('127.0.0.1, fd00::1')]);
});

test('without a server left the public ones stand in, with a warning', () => {
  const { text, warnings } = containerResolvConf(parseResolvConf('nameserver 127.0.0.1\n'), nothing);
  expect(text).toContain('nameserver 8.8.8.8');
  expect(warnings).toHaveLength(1);
});

test('what a container asks for wins', () => {
  const host = parseResolvConf('nameserver 10.0.0.1\nsearch corp\noptions ndots:5');
  const asked = { dns: ['1.1.1.1'], dnsSearch: ['.'], dnsOptions: ['rotate'] };
  expect(containerResolvConf(host, asked)).toEqual({ text: 'nameserver 1.1.1.1\noptions rotate\n', warnings: [] });
});

test('the stub of systemd-resolved is known by its only server', () => {
  expect(isResolvedStub(parseResolvConf('nameserver 127.0.0.53\noptions edns0'))).toBe(true);
  expect(isResolvedStub(parseResolvConf('nameserver 127.0.0.53\nnameserver 10.0.0.1'))).toBe(false);
  expect(isResolvedStub(parseResolvConf(''))).toBe(false);
});

test('a container in the network of the host keeps all servers', () => {
  expect(hostResolvConf(parseResolvConf('nameserver 127.0.0.53\n'), nothing)).toBe('nameserver 127.0.0.53\n');
});

test('extra hosts are lines; host-gateway is the host', () => {
  expect(parseExtraHosts(['db:10.0.0.5', 'host.docker.internal=host-gateway', 'six:[fd00::1]'], '172.17.0.1')).toEqual([
    { address: '10.0.0.5', names: ['db'] },
    { address: '172.17.0.1', names: ['host.docker.internal'] },
    { address: 'fd00::1', names: ['six'] },
  ]);
  expect(() => parseExtraHosts(['nothing'], '')).toThrow(InvalidArgumentError);
});

test('a hosts file begins with the local names', () => {
  const text = containerHosts([{ address: '172.17.0.2', names: ['web'] }]);
  expect(text.startsWith('127.0.0.1\tlocalhost\n')).toBe(true);
  expect(text.endsWith('172.17.0.2\tweb\n')).toBe(true);
  expect(extendedHosts('127.0.0.1 box', [{ address: '10.0.0.5', names: ['db'] }])).toBe(
    '127.0.0.1 box\n10.0.0.5\tdb\n',
  );
});

test('a name that would be more than a name is left out', () => {
  const text = containerHosts([{ address: '172.17.0.2', names: ['web', 'x\n10.0.0.1 registry', '#', ''] }]);
  expect(text.endsWith('172.17.0.2\tweb\n')).toBe(true);
});
