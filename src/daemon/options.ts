import type { GcSettings } from '#engine/builder/cache/gc-rules.ts';

/** One setting of the engine, as flag and as key of the configuration file. */
export interface Option {
  /** Name of the flag, without dashes. */
  flag: string;
  short?: string;
  /** Name in the configuration file; undefined if it can only be a flag. */
  key: string | undefined;
  kind: 'text' | 'boolean' | 'number' | 'list' | 'pools' | 'builder';
  /** For `--help`. */
  text: string;
}

/** Names and meanings are those of dockerd, so that one can stand in for the other. */
export const OPTIONS: readonly Option[] = [
  {
    flag: 'data-root',
    key: 'data-root',
    kind: 'text',
    text: 'folder of images, containers and volumes (/var/lib/berth)',
  },
  { flag: 'exec-root', key: 'exec-root', kind: 'text', text: 'folder of run-time state (/run/berth)' },
  { flag: 'host', short: 'H', key: 'hosts', kind: 'list', text: 'address to listen on (unix:///run/berth/berth.sock)' },
  { flag: 'group', short: 'G', key: 'group', kind: 'text', text: 'group of the unix socket (berth, if it exists)' },
  { flag: 'pidfile', short: 'p', key: 'pidfile', kind: 'text', text: 'file with the process id' },
  { flag: 'config-file', key: undefined, kind: 'text', text: 'configuration file (/etc/berth/daemon.json)' },
  { flag: 'debug', short: 'D', key: 'debug', kind: 'boolean', text: 'log everything' },
  { flag: 'log-level', short: 'l', key: 'log-level', kind: 'text', text: 'debug, info, warn, error or fatal' },
  { flag: 'registry-mirror', key: 'registry-mirrors', kind: 'list', text: 'mirror of Docker Hub to ask first' },
  {
    flag: 'insecure-registry',
    key: 'insecure-registries',
    kind: 'list',
    text: 'registry or network to talk to without checking TLS',
  },
  { flag: 'tls', key: 'tls', kind: 'boolean', text: 'use TLS; clients need certificates all the same' },
  { flag: 'tlsverify', key: 'tlsverify', kind: 'boolean', text: 'use TLS and check the certificates of clients' },
  { flag: 'tlscacert', key: 'tlscacert', kind: 'text', text: 'authority that signs the certificates of clients' },
  { flag: 'tlscert', key: 'tlscert', kind: 'text', text: 'certificate of this engine' },
  { flag: 'tlskey', key: 'tlskey', kind: 'text', text: 'key of this engine' },
  { flag: 'bip', key: 'bip', kind: 'text', text: 'address of the default bridge with prefix, 10.88.0.1/16' },
  {
    flag: 'default-address-pool',
    key: 'default-address-pools',
    kind: 'pools',
    text: 'pool of networks: base=10.10.0.0/16,size=24',
  },
  { flag: 'dns', key: 'dns', kind: 'list', text: 'name server for containers' },
  { flag: 'mtu', key: 'mtu', kind: 'number', text: 'largest packet on bridges, bytes (that of the host)' },
  { flag: 'label', key: 'labels', kind: 'list', text: 'key=value shown by info' },
  {
    flag: 'layer-mounts',
    key: 'layer-mounts',
    kind: 'text',
    text: 'auto (what works best), directio, buffered, loop or directory',
  },
  { flag: 'builder', key: 'builder', kind: 'builder', text: 'JSON: when caches of builds are removed, {"gc": {…}}' },
  { flag: 'host-ca', key: 'host-ca', kind: 'text', text: 'auto or off: certificate authorities of the host in builds' },
];

/** Settings of dockerd that say what this engine does anyway: taken with these values, refused with others. */
export const GIVEN: ReadonlyMap<string, readonly (string | boolean)[]> = new Map<string, readonly (string | boolean)[]>(
  [
    ['live-restore', [true]],
    ['iptables', [true]],
    ['ip-forward', [true]],
    ['ip-masq', [true]],
    ['icc', [true]],
    ['experimental', [false]],
    ['userland-proxy', [false]],
    ['storage-driver', ['overlay2']],
    ['log-driver', ['json-file', 'local']],
    ['firewall-backend', ['nftables']],
  ],
);

/** A value of a setting, by what its option says. */
export type SettingValue = string | boolean | number | readonly string[] | readonly AddressPool[] | GcSettings;

export interface AddressPool {
  /** Network the pool is cut from. */
  base: string;
  /** Prefix length of each piece. */
  size: number;
}

/** Values by the flag's name. */
export type SettingValues = ReadonlyMap<string, SettingValue>;
