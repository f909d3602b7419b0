import { randomBytes } from 'node:crypto';
import type { Log } from '#lib/log.ts';
import type { Netlink } from '#linux/netlink.ts';
import { findLink } from '#linux/rtnetlink.ts';
import { formatSubnet, parseSubnet } from './address.ts';
import { markOf } from './bridge.ts';
import { type Bridges, MTU_OPTION } from './bridges.ts';
import { BRIDGE_NAME_OPTION } from './create-network.ts';
import { type NetworkRecords, PREDEFINED } from './network-records.ts';
import type { NetworkRecord } from './networks.ts';

/** Where an engine that nobody told another place keeps its state. */
const DEFAULT_DATA_ROOT = '/var/lib/berth';

/** Records the three networks that are always there, and makes the default bridge's interface if the host lets us. */
export function ensurePredefined(
  deps: { engineId: string; host: Netlink; records: NetworkRecords; bridges: Bridges; log: Log },
  options: { dataRoot: string; bridgeAddress: string | undefined },
): void {
  const { records, bridges, log } = deps;
  const known = new Set(records.list().map(({ name }) => name));
  for (const [name, driver] of Object.entries(PREDEFINED)) {
    if (known.has(name)) continue;
    const plain = {
      id: randomBytes(32).toString('hex'),
      name,
      driver,
      created: Date.now(),
      internal: false,
      labels: {},
      options: {},
      subnet: undefined,
      gateway: undefined,
      bridge: undefined,
    };
    records.insert(driver === 'bridge' ? defaultBridge(deps, plain, options) : plain);
  }
  const bridge = moved(records, records.get('bridge'), options.bridgeAddress);
  try {
    bridges.ensure(bridge);
  } catch (error) {
    log.warn('the default bridge could not be made; it is tried again when a container needs it', {
      reason: (error as Error).message,
    });
  }
}

function defaultBridge(
  { engineId, host, bridges }: { engineId: string; host: Netlink; bridges: Bridges },
  plain: NetworkRecord,
  { dataRoot, bridgeAddress }: { dataRoot: string; bridgeAddress: string | undefined },
): NetworkRecord {
  const there = dataRoot === DEFAULT_DATA_ROOT ? findLink(host, 'berth0') : undefined;
  const mayBeShort =
    dataRoot === DEFAULT_DATA_ROOT && (there === undefined || there.alias === markOf(engineId, plain.id));
  const bridge = mayBeShort ? 'berth0' : `berth-${engineId}`;
  return {
    ...plain,
    ...(bridgeAddress === undefined ? { isChosen: true } : addressOf(bridgeAddress)),
    bridge,
    options: {
      'com.docker.network.bridge.default_bridge': 'true',
      'com.docker.network.bridge.enable_icc': 'true',
      'com.docker.network.bridge.enable_ip_masquerade': 'true',
      'com.docker.network.bridge.host_binding_ipv4': '0.0.0.0',
      [BRIDGE_NAME_OPTION]: bridge,
      [MTU_OPTION]: String(bridges.mtuOf(plain)),
    },
  };
}

/** The operator may give the bridge another address between two starts. */
function moved(records: NetworkRecords, bridge: NetworkRecord, bridgeAddress: string | undefined): NetworkRecord {
  if (bridgeAddress === undefined) return bridge;
  const wanted = addressOf(bridgeAddress);
  if (wanted.subnet === bridge.subnet && wanted.gateway === bridge.gateway) return bridge;
  const changed = { ...bridge, ...wanted, isChosen: false };
  records.update(changed);
  return changed;
}

function addressOf(bridgeAddress: string): { subnet: string; gateway: string } {
  return { subnet: formatSubnet(parseSubnet(bridgeAddress)), gateway: bridgeAddress.split('/')[0] ?? '' };
}
