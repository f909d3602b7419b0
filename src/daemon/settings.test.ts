import { mkdtempDisposable, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { parseConfig } from './config-file.ts';
import { parseFlags } from './parse-flags.ts';
import { readSettings } from './settings.ts';

test('flags are read in all the forms that are in use', () => {
  const flags = parseFlags([
    '-D',
    '--host=unix:///a',
    '-H',
    'unix:///b',
    '-Hunix:///c',
    '--tlsverify=false',
    '--mtu',
    '1400',
  ]);
  expect(Object.fromEntries(flags)).toEqual({
    debug: true,
    host: ['unix:///a', 'unix:///b', 'unix:///c'],
    tlsverify: false,
    mtu: 1400,
  });
  expect(parseFlags(['--default-address-pool', 'base=10.10.0.0/16,size=24']).get('default-address-pool')).toEqual([
    { base: '10.10.0.0/16', size: 24 },
  ]);
});

test('what a flag cannot mean is an error that names it', () => {
  for (const [flags, message] of [
    [['--nope'], 'unknown flag: --nope'],
    [['-Z'], "unknown shorthand flag: 'Z'"],
    [['extra'], 'unexpected argument: extra'],
    [['--host'], 'flag needs an argument: --host'],
    [['--debug=maybe'], 'for --debug'],
    [['--mtu', 'x'], 'for --mtu'],
    [['--default-address-pool', 'base=10.0.0.0/8,size=4'], 'invalid address pool'],
    [['--storage-driver', 'zfs'], '--storage-driver=zfs is not supported'],
  ] as const)
    expect(() => parseFlags(flags)).toThrow(message);
});

test('settings of dockerd that say what happens anyway are taken', () => {
  expect(parseFlags(['--live-restore', '--storage-driver=overlay2', '--userland-proxy=false']).size).toBe(0);
  expect(parseConfig('{"live-restore": true, "iptables": true}', 'f').size).toBe(0);
  expect(() => parseConfig('{"live-restore": false}', 'f')).toThrow('live-restore: false is not supported');
});

test('the configuration file is checked key by key', () => {
  expect(parseConfig('{"hosts": ["unix:///a"], "debug": true, "mtu": 1400}', 'f').get('host')).toEqual(['unix:///a']);
  expect(parseConfig(' ', 'f').size).toBe(0);
  for (const [text, message] of [
    ['{', 'not valid JSON'],
    ['[]', 'does not hold a JSON object'],
    ['{"a": 1, "b": 2}', "don't match any configuration option: a, b"],
    ['{"debug": "yes"}', 'debug must be true or false'],
    ['{"hosts": "x"}', 'hosts must be a list of strings'],
    ['{"default-address-pools": [{"base": "x", "size": 1}]}', 'invalid address pool'],
  ] as const)
    expect(() => parseConfig(text, 'f')).toThrow(message);
});

test('a setting in both places is an error, in two places of its own it is not', async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'settings-'));
  const file = join(folder.path, 'daemon.json');
  await writeFile(file, '{"hosts": ["unix:///a"], "labels": ["team=ml"]}');
  await expect(readSettings(['--config-file', file, '-H', 'unix:///b'])).rejects.toThrow(
    'specified both as a flag and in the configuration file: hosts: (from flag: ["unix:///b"], from file: ["unix:///a"])',
  );
  expect(await readSettings(['--config-file', file, '--debug'])).toMatchObject({
    hosts: [{ kind: 'unix', path: '/a' }],
    labels: ['team=ml'],
    logLevel: 'debug',
    dataRoot: '/var/lib/berth',
    pidFile: '/run/berth/berthd.pid',
  });
  await expect(readSettings(['--config-file', join(folder.path, 'none')])).rejects.toThrow(
    'cannot read the configuration file',
  );
});

test('settings that could do harm are refused', async () => {
  for (const [flags, message] of [
    [['-H', 'tcp://0.0.0.0:2375'], 'without client certificates'],
    [['-H', 'tcp://0.0.0.0:2376', '--tls'], 'without client certificates'],
    [['--data-root', 'relative'], 'must be an absolute path'],
    [['-H', `unix:///${'x'.repeat(120)}`], 'too long'],
    [['-H', 'http://x'], 'invalid address'],
    [['--registry-mirror', 'ftp://x'], 'invalid mirror'],
    [['--bip', '10.0.0.1'], 'invalid --bip'],
    [['--label', 'x'], 'bad attribute format'],
    [['--log-level', 'loud'], 'invalid logging level'],
    [['--host-ca', 'on'], 'invalid --host-ca'],
    [['--layer-mounts', 'fuse'], 'invalid --layer-mounts'],
  ] as const)
    await expect(readSettings(flags)).rejects.toThrow(message);
  expect((await readSettings(['-H', 'tcp://0.0.0.0:2376', '--tlsverify'])).tls?.certificate).toBe(
    '/etc/berth/cert.pem',
  );
});

function refused(builder: unknown): () => unknown {
  return () => parseConfig(JSON.stringify({ builder }), '/x.json');
}

test('rules for the caches of builds are read as dockerd has them', () => {
  const gc = {
    enabled: true,
    defaultKeepStorage: '10GB',
    policy: [
      { keepStorage: '512MB', filter: ['unused-for=48h', 'type=source.local'] },
      { reservedSpace: '10%', maxUsedSpace: '50GB', keepDuration: '24h', all: true },
    ],
  };
  const read = parseConfig(JSON.stringify({ builder: { gc } }), '/x.json');
  expect(read.get('builder')).toEqual({
    enabled: true,
    reserved: { bytes: 10 * 2 ** 30 },
    policy: [
      {
        all: false,
        filters: ['type=source.local'],
        keepDurationMs: 48 * 3_600_000,
        reserved: { bytes: 512 * 2 ** 20 },
      },
      {
        all: true,
        filters: [],
        keepDurationMs: 24 * 3_600_000,
        reserved: { share: 0.1 },
        maxUsed: { bytes: 50 * 2 ** 30 },
      },
    ],
  });
  expect(refused({ gc: { size: 1 } })).toThrow('builder.gc has no size');
  expect(refused({ gc: { enabled: 'yes' } })).toThrow('builder.gc.enabled must be true or false');
  expect(refused({ gc: { defaultKeepStorage: 'much' } })).toThrow('invalid size');
  expect(refused({ gc: { policy: [{ filter: ['colour==red'] }] } })).toThrow('invalid filter');
  expect(refused([])).toThrow('builder must be an object');
});
