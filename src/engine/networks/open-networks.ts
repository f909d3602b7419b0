import { createKeyedLock } from '#lib/keyed-lock.ts';
import type { Log } from '#lib/log.ts';
import type { Database } from '#lib/sqlite.ts';
import { openNetlink } from '#linux/netlink.ts';
import { deleteLink } from '#linux/rtnetlink.ts';
import type { Events } from '../events/events.ts';
import { attach, toSandbox } from './attach.ts';
import { ownBridges } from './bridge.ts';
import { openBridges } from './bridges.ts';
import { connect, disconnect } from './connect.ts';
import { createNetwork } from './create-network.ts';
import { detach } from './detach.ts';
import { type FirewallState, openFirewall } from './firewall.ts';
import { openIpam } from './ipam.ts';
import { openNeighbours } from './neighbours.ts';
import { type NetworkRecords, openNetworkRecords } from './network-records.ts';
import type { Endpoint, Networks } from './networks.ts';
import { type AddressPool, DEFAULT_POOLS } from './pools.ts';
import { openPorts } from './ports.ts';
import { ensurePredefined } from './predefined.ts';
import { reconcile } from './reconcile.ts';
import { renameInNetworks } from './rename.ts';
import type { BridgeRules } from './rules.ts';
import { ownVeths } from './sandbox.ts';
import { openSandboxStore, type SandboxRecord } from './sandbox-store.ts';
import { removeNetwork } from './remove-network.ts';
import { type Deps, publishNetwork } from './shared.ts';

/** What the operator can set. */
export interface NetworkOptions {
  /** Address of the default bridge with its prefix, `10.88.0.1/16`; undefined = chosen. */
  bridgeAddress: string | undefined;
  /** Where networks are cut from; empty = Docker's pools. */
  addressPools: readonly AddressPool[];
  /** For containers, instead of the host's servers. */
  dns: readonly string[];
  /** Largest packet on the networks, bytes; undefined = that of the interface that leads out. */
  mtu: number | undefined;
}

/** Opens the networks of the engine in the network namespace of the calling thread. */
export async function openNetworks(collaborators: {
  database: Database;
  engineId: string;
  dataRoot: string;
  execRoot: string;
  events: Events;
  log: Log;
  options: NetworkOptions;
}): Promise<Networks> {
  const { database, engineId, dataRoot, execRoot, events, log, options } = collaborators;
  const host = openNetlink();
  const records = openNetworkRecords(database);
  const pools = options.addressPools.length > 0 ? options.addressPools : DEFAULT_POOLS;
  const ipam = openIpam(database);
  const isUsed = (networkId: string): boolean => ipam.inNetwork(networkId).length > 0;
  const bridges = openBridges({ engineId, host, records, isUsed, pools, mtu: options.mtu, log });
  ensurePredefined({ engineId, host, records, bridges, log }, { dataRoot, bridgeAddress: options.bridgeAddress });
  const sandboxes = new Map<string, SandboxRecord>();
  const firewall = openFirewall({ engineId, log, state: () => firewallState(records, sandboxes) });
  const neighbours = openNeighbours({ ipam, records, sandboxes });
  return networksOf({
    engineId,
    host,
    records,
    bridges,
    ipam,
    firewall,
    neighbours,
    sandboxes,
    events,
    log,
    ports: openPorts(),
    store: openSandboxStore(execRoot),
    dns: options.dns,
  });
}

function networksOf(deps: Deps): Networks {
  const { records, sandboxes, events } = deps;
  const lock = createKeyedLock();
  const exclusively = async <T>(key: string, work: () => Promise<T>): Promise<T> => {
    using held = await lock.acquire(key);
    void held;
    return await work();
  };

  return {
    list: async () => records.list(),
    get: async (name) => records.get(name),
    async create(request) {
      const record = createNetwork(deps, request);
      publishNetwork(events, 'create', record);
      return record;
    },
    remove: async (name) => removeNetwork(deps, name),
    endpointsOf: async (networkId) => endpointsOf(deps, networkId),
    attach: async (request) =>
      exclusively(request.containerId, async () => {
        await detach(deps, request.containerId);
        return attach(deps, request);
      }),
    async sandbox(containerId) {
      const sandbox = sandboxes.get(containerId) ?? deps.store.read(containerId);
      return sandbox === undefined ? undefined : toSandbox(deps, sandbox);
    },
    detach: async (containerId) => exclusively(containerId, async () => detach(deps, containerId)),
    connect: async (network, containerId, endpoint) =>
      exclusively(containerId, async () => connect(deps, { network, containerId }, endpoint)),
    disconnect: async (network, containerId) =>
      exclusively(containerId, async () => disconnect(deps, { network, containerId })),
    rename: async (containerId, name) =>
      exclusively(containerId, async () => renameInNetworks(deps, containerId, name)),
    onHosts: (listener) => deps.neighbours.listen(listener),
    reconcile: async (alive) => reconcile(deps, alive),
    teardown: async () => teardown(deps),
    async close() {
      await deps.firewall.close();
      deps.host[Symbol.dispose]();
    },
  };
}

/** Endpoints with an address, and those of the networks that have none to give. */
function endpointsOf({ ipam, sandboxes }: Deps, networkId: string): Map<string, Endpoint & { containerName: string }> {
  const withAddress = ipam.inNetwork(networkId).map((endpoint) => [endpoint.containerId, endpoint] as const);
  const bare = [...sandboxes.values()].flatMap(({ containerId, containerName, endpoints }) =>
    endpoints
      .filter((endpoint) => endpoint.networkId === networkId && endpoint.address === '')
      .map((endpoint) => [containerId, { ...endpoint, containerName }] as const),
  );
  return new Map([...withAddress, ...bare]);
}

async function teardown(deps: Deps): Promise<void> {
  const { store, sandboxes, engineId, host, firewall } = deps;
  for (const containerId of new Set([...store.list(), ...sandboxes.keys()])) await detach(deps, containerId);
  await firewall.remove();
  for (const { link } of ownBridges(host, engineId)) host.request([deleteLink(link.index)]);
  // The host's ends of namespaces that the kernel has not taken away yet.
  for (const { index } of ownVeths(host, engineId)) host.request([deleteLink(index)]);
}

function firewallState(records: NetworkRecords, sandboxes: ReadonlyMap<string, SandboxRecord>): FirewallState {
  const used = new Set([...sandboxes.values()].flatMap(({ endpoints }) => endpoints.map(({ networkId }) => networkId)));
  const networks = records.list().filter(({ driver }) => driver === 'bridge');
  return {
    bridges: networks.map(({ bridge = '', subnet = '', internal, options }): BridgeRules => ({
      bridge,
      subnet,
      internal,
      masquerade: isOn(options['com.docker.network.bridge.enable_ip_masquerade']),
      betweenContainers: isOn(options['com.docker.network.bridge.enable_icc']),
    })),
    ports: [...sandboxes.values()].flatMap(({ ports, endpoints }) =>
      ports.map((port) => ({ ...port, address: endpoints[0]?.address ?? '' })),
    ),
    inUse: networks.filter(({ id }) => used.has(id)).map(({ bridge }) => bridge ?? ''),
  };
}

/** An option that is on unless it says otherwise. */
function isOn(value: string | undefined): boolean {
  return value === undefined || !['0', 'false', 'no', 'f'].includes(value.toLowerCase());
}
