import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { InvalidArgumentError, PermissionDeniedError } from '#lib/errors.ts';
import { forgetFlows } from './forget-flows.ts';
import { parseExtraHosts } from './hosts-file.ts';
import type { EndpointPlan } from './ipam.ts';
import type { Endpoint, NetworkRecord, NetworkRequest, PortRequest, Sandbox } from './networks.ts';
import {
  containerResolvConf,
  hostResolvConf,
  isResolvedStub,
  parseResolvConf,
  type ResolvConf,
} from './resolv-conf.ts';
import { createSandbox, plugIn } from './sandbox.ts';
import type { SandboxRecord } from './sandbox-store.ts';
import { type Deps, publishEndpoint } from './shared.ts';

const BINDING_OPTION = 'com.docker.network.bridge.host_binding_ipv4';

/** Makes a container's network; when it fails nothing of it stays. The caller has made sure that none is there. */
export async function attach(deps: Deps, request: NetworkRequest): Promise<Sandbox> {
  const networks = networksOf(deps, request);
  const undo = new AsyncDisposableStack();
  try {
    const sandbox = await build(deps, { request, networks, undo });
    for (const network of networks)
      publishEndpoint(deps.events, 'connect', { network, containerId: request.containerId });
    deps.neighbours.changed(
      request.containerId,
      networks.map(({ id }) => id),
    );
    return toSandbox(deps, sandbox);
  } catch (error) {
    await undo.disposeAsync();
    throw error;
  }
}

/** How a sandbox shows to the rest of the engine. */
export function toSandbox({ store, neighbours }: Deps, sandbox: SandboxRecord): Sandbox {
  return {
    namespacePath: sandbox.mode === 'host' ? undefined : store.namespacePath(sandbox.containerId),
    endpoints: sandbox.endpoints,
    ports: sandbox.ports,
    hosts: neighbours.hostsOf(sandbox),
    resolvConf: sandbox.resolvConf,
  };
}

/** The first network and the further ones, in the order of the request. */
function networksOf({ records }: Deps, { mode, endpoints }: NetworkRequest): NetworkRecord[] {
  const first = records.get(mode === 'default' || mode === '' ? 'bridge' : mode);
  const further = Object.keys(endpoints)
    .filter((name) => name !== 'default')
    .map((name) => records.get(name))
    .filter(({ id }) => id !== first.id);
  const all = [first, ...further];
  if (all.length > 1 && all.some(({ driver }) => driver !== 'bridge'))
    throw new InvalidArgumentError(
      'conflicting options: cannot attach both user-defined and non-user-defined network-modes',
      {
        why: 'the networks host and none cannot be combined with others',
      },
    );
  return all;
}

async function build(
  deps: Deps,
  work: { request: NetworkRequest; networks: readonly NetworkRecord[]; undo: AsyncDisposableStack },
): Promise<SandboxRecord> {
  const { request, networks, undo } = work;
  const { store, sandboxes, ports, firewall } = deps;
  const { containerId, containerName, hostname } = request;
  const mode = modeOf(networks);
  store.create(containerId);
  undo.defer(() => store.remove(containerId));
  const endpoints = mode === 'bridge' ? takeAddresses(deps, work) : bareEndpoints(networks);
  const wanted = mode === 'bridge' && !networks[0]?.internal ? request.ports : [];
  undo.defer(() => ports.release(containerId));
  const sandbox: SandboxRecord = {
    containerId,
    containerName,
    hostname,
    mode,
    endpoints,
    ports: ports.hold({ id: containerId, name: containerName }, wanted.map(defaultBinding(networks[0]))),
    extraHosts: parseExtraHosts(request.extraHosts, hostGateway(deps)),
    resolvConf: resolvConfOf(deps, { request, mode }),
  };
  sandboxes.set(containerId, sandbox);
  undo.defer(async () => {
    sandboxes.delete(containerId);
    if (sandbox.ports.length > 0) await firewall.refresh();
  });
  // The packet filter is told while the interfaces are made: another program does that.
  const rules = mode === 'bridge' ? firewall.refresh() : Promise.resolve();
  rules.catch(() => {});
  if (mode !== 'host') createSandbox(store.namespacePath(containerId));
  if (mode === 'bridge') plugInto(deps, sandbox, networks);
  await rules;
  forgetFlows(deps, sandbox);
  store.write(sandbox);
  return sandbox;
}

function modeOf([first]: readonly NetworkRecord[]): SandboxRecord['mode'] {
  if (first?.driver === 'host') return 'host';
  return first?.driver === 'null' ? 'none' : 'bridge';
}

function takeAddresses(
  deps: Deps,
  work: { request: NetworkRequest; networks: readonly NetworkRecord[]; undo: AsyncDisposableStack },
): Endpoint[] {
  const { request, networks, undo } = work;
  const plans = networks.map((network): EndpointPlan => ({
    network: deps.bridges.ensure(network).network,
    endpointId: randomBytes(32).toString('hex'),
    request: request.endpoints[network.name] ?? request.endpoints[network.id] ?? {},
  }));
  const taken = deps.ipam.take({ id: request.containerId, name: request.containerName }, plans);
  undo.defer(() => deps.ipam.release(request.containerId));
  return taken.map(({ containerId: _id, containerName: _name, ...endpoint }) => endpoint);
}

/** The networks host and none have endpoints without addresses. */
function bareEndpoints(networks: readonly NetworkRecord[]): Endpoint[] {
  return networks.map(({ id, name }) => ({
    network: name,
    networkId: id,
    endpointId: randomBytes(32).toString('hex'),
    address: '',
    prefixLength: 0,
    gateway: '',
    mac: '',
    aliases: [],
  }));
}

/** Interfaces in the order of the networks; the way out leads over the first that has one. */
function plugInto(deps: Deps, sandbox: SandboxRecord, networks: readonly NetworkRecord[]): void {
  const way = networks.findIndex(({ internal }) => !internal);
  for (const [index, endpoint] of sandbox.endpoints.entries()) {
    const network = networks[index];
    if (network === undefined) continue;
    const { link } = deps.bridges.ensure(deps.records.get(network.id));
    const bridge = { index: link.index, mtu: link.mtu };
    const plan = { endpoint, bridge, isDefault: index === way };
    plugIn(deps.host, deps.store.namespacePath(sandbox.containerId), { engineId: deps.engineId, plan });
  }
}

function defaultBinding(network: NetworkRecord | undefined): (port: PortRequest) => PortRequest {
  const address = network?.options[BINDING_OPTION] ?? '';
  return (port) => (port.hostAddress === '' ? { ...port, hostAddress: address } : port);
}

/** The host as containers see it. */
function hostGateway({ records }: Deps): string {
  return records.get('bridge').gateway ?? '127.0.0.1';
}

function resolvConfOf(
  { log, dns }: Deps,
  { request, mode }: { request: NetworkRequest; mode: SandboxRecord['mode'] },
): string {
  const asked = { ...request, dns: request.dns.length > 0 ? request.dns : dns };
  if (mode === 'host') return hostResolvConf(readResolvConf('/etc/resolv.conf'), asked);
  const stub = readResolvConf('/etc/resolv.conf');
  const host = isResolvedStub(stub) ? readResolvConf('/run/systemd/resolve/resolv.conf') : stub;
  const { text, warnings } = containerResolvConf(host, asked);
  if (mode === 'bridge') for (const warning of warnings) log.warn(warning, { container: request.containerName });
  return text;
}

function readResolvConf(path: string): ResolvConf {
  try {
    return parseResolvConf(readFileSync(path, 'utf8'));
  } catch {
    return parseResolvConf('');
  }
}

/** @throws {PermissionDeniedError} if the sandbox cannot take a further network */
export function refuseFixed({ mode }: SandboxRecord): void {
  if (mode === 'bridge') return;
  throw new PermissionDeniedError(
    mode === 'host'
      ? 'container sharing network namespace with another container or host cannot be connected to any other network'
      : 'container cannot be connected to multiple networks with one of the networks in private (none) mode',
  );
}
