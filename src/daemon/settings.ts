import { join } from 'node:path';
import type { GcSettings } from '#engine/builder/cache/gc-rules.ts';
import type { MountForm } from '#engine/layers/layer-store.ts';
import { InvalidArgumentError } from '#lib/errors.ts';
import type { LogLevel } from '#lib/log.ts';
import { type Address, parseAddress, type TlsFiles, unprotected } from '#server/listen.ts';
import { readConfigFile } from './config-file.ts';
import { type AddressPool, OPTIONS, type SettingValues } from './options.ts';
import { parseFlags } from './parse-flags.ts';
import { checkBridgeAddress } from './setting-values.ts';

/** Everything an engine is told when it starts. */
export interface Settings {
  dataRoot: string;
  execRoot: string;
  hosts: readonly Address[];
  /** Name or id; undefined = `berth` if there is such a group. */
  group: string | undefined;
  pidFile: string;
  configFile: string;
  logLevel: LogLevel;
  mirrors: readonly string[];
  insecureRegistries: readonly string[];
  tls: TlsFiles | undefined;
  bridgeAddress: string | undefined;
  addressPools: readonly AddressPool[];
  dns: readonly string[];
  mtu: number | undefined;
  labels: readonly string[];
  hostCa: boolean;
  /** Undefined = the best that works. */
  layerMounts: MountForm | undefined;
  /** When caches of builds are removed; undefined = as it is by default. */
  buildGc: GcSettings | undefined;
}

const DEFAULT_CONFIG = '/etc/berth/daemon.json';
const CERTIFICATE_FOLDER = '/etc/berth';

/**
 * Puts flags, configuration file and defaults together. Who named a file has to have one; the default one may be missing.
 * @throws {InvalidArgumentError}
 */
export async function readSettings(args: readonly string[]): Promise<Settings> {
  const flags = parseFlags(args);
  const configFile = (flags.get('config-file') as string | undefined) ?? DEFAULT_CONFIG;
  const file = await readConfigFile(configFile, { optional: !flags.has('config-file') });
  refuseBoth(flags, file, configFile);
  return toSettings(new Map([...file, ...flags]), configFile);
}

function refuseBoth(flags: SettingValues, file: SettingValues, path: string): void {
  const both = [...flags.keys()].filter((name) => file.has(name));
  if (both.length === 0) return;
  const show = (name: string): string => {
    const key = OPTIONS.find(({ flag }) => flag === name)?.key ?? name;
    return `${key}: (from flag: ${JSON.stringify(flags.get(name))}, from file: ${JSON.stringify(file.get(name))})`;
  };
  throw new InvalidArgumentError(
    `the following directives are specified both as a flag and in the configuration file: ${both.map(show).join(', ')}`,
    { why: `it would not be clear which one counts; the file is ${path}`, hint: 'keep one of the two' },
  );
}

function toSettings(values: SettingValues, configFile: string): Settings {
  const text = (name: string): string | undefined => values.get(name) as string | undefined;
  const list = (name: string): readonly string[] => (values.get(name) as readonly string[] | undefined) ?? [];
  const execRoot = absolute('exec-root', text('exec-root') ?? '/run/berth');
  const hosts = list('host').length > 0 ? list('host') : [`unix://${join(execRoot, 'berth.sock')}`];
  const bip = text('bip');
  const tls = tlsFiles(values);
  return {
    dataRoot: absolute('data-root', text('data-root') ?? '/var/lib/berth'),
    execRoot,
    hosts: hosts.map((host) => checkProtected(parseAddress(host), tls)),
    group: text('group'),
    pidFile: absolute('pidfile', text('pidfile') ?? join(execRoot, 'berthd.pid')),
    configFile,
    logLevel: values.get('debug') === true ? 'debug' : logLevel(text('log-level') ?? 'info'),
    mirrors: list('registry-mirror').map(checkMirror),
    insecureRegistries: list('insecure-registry'),
    tls,
    bridgeAddress: bip === undefined ? undefined : checkBridgeAddress(bip),
    addressPools: (values.get('default-address-pool') as readonly AddressPool[] | undefined) ?? [],
    dns: list('dns'),
    mtu: values.get('mtu') as number | undefined,
    labels: list('label').map(checkLabel),
    hostCa: hostCa(text('host-ca') ?? 'auto'),
    layerMounts: layerMounts(text('layer-mounts') ?? 'auto'),
    buildGc: values.get('builder') as GcSettings | undefined,
  };
}

function checkProtected(address: Address, tls: TlsFiles | undefined): Address {
  if (address.kind === 'tcp' && tls === undefined) throw unprotected(address);
  return address;
}

function absolute(name: string, path: string): string {
  if (!path.startsWith('/')) throw new InvalidArgumentError(`--${name} must be an absolute path, not ${path}`);
  return join(path, '.').replace(/(.)\/$/, '$1');
}

function logLevel(text: string): LogLevel {
  if (text === 'fatal') return 'error';
  if (text === 'debug' || text === 'info' || text === 'warn' || text === 'error') return text;
  throw new InvalidArgumentError(`invalid logging level: ${text}`, { hint: 'debug, info, warn, error or fatal' });
}

function checkMirror(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (
    url === undefined ||
    !/^https?:$/.test(url.protocol) ||
    url.username !== '' ||
    url.search !== '' ||
    url.hash !== ''
  )
    throw new InvalidArgumentError(`invalid mirror: ${JSON.stringify(text)}`, {
      hint: 'a mirror is an address such as https://mirror.example.com',
    });
  return text.replace(/\/?$/, '/');
}

function checkLabel(text: string): string {
  if (!/^[^=\s]+=/.test(text)) throw new InvalidArgumentError(`bad attribute format: ${text}`, { hint: 'key=value' });
  return text;
}

function hostCa(text: string): boolean {
  if (text === 'auto' || text === 'off') return text === 'auto';
  throw new InvalidArgumentError(`invalid --host-ca: ${text}`, { hint: 'auto or off' });
}

function layerMounts(text: string): MountForm | undefined {
  if (text === 'auto') return undefined;
  if (text === 'directio' || text === 'buffered' || text === 'loop' || text === 'directory') return text;
  throw new InvalidArgumentError(`invalid --layer-mounts: ${text}`, {
    hint: 'auto, directio, buffered, loop or directory',
  });
}

/** Client certificates are always checked over TCP, so `--tls` alone is no more than half of what is needed. */
function tlsFiles(values: SettingValues): TlsFiles | undefined {
  if (values.get('tlsverify') !== true) return undefined;
  const path = (name: string, file: string): string =>
    (values.get(name) as string | undefined) ?? join(CERTIFICATE_FOLDER, file);
  return {
    clientAuthority: path('tlscacert', 'ca.pem'),
    certificate: path('tlscert', 'cert.pem'),
    key: path('tlskey', 'key.pem'),
  };
}
