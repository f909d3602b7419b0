import { mountsBelow } from '#linux/mounts-below.ts';
import { ownBridges } from './bridge.ts';
import { detach } from './detach.ts';
import { plugBack } from './sandbox.ts';
import type { Deps } from './shared.ts';
import { deleteLink } from '#linux/rtnetlink.ts';

/** Brings the world in line with the containers that run: what a former engine process left half done is taken away. */
export async function reconcile(deps: Deps, alive: ReadonlySet<string>): Promise<void> {
  const { store, ipam, sandboxes, records, engineId, host, firewall, log } = deps;
  const known = new Set([...store.list(), ...sandboxes.keys(), ...ipam.all().map(({ containerId }) => containerId)]);
  for (const containerId of known) if (!alive.has(containerId)) await detach(deps, containerId);
  for (const containerId of alive) adopt(deps, containerId);
  const networks = new Set(records.list().map(({ id }) => id));
  for (const { link, networkId } of ownBridges(host, engineId))
    if (!networks.has(networkId)) host.request([deleteLink(link.index)]);
  // Without rules no container gets a bridge network; those without one, and everything else, need none.
  await firewall
    .refresh({ force: true })
    .catch((error: Error & { hint?: string }) =>
      log.error('the rules of the packet filter could not be set', { reason: error.message, hint: error.hint }),
    );
}

/** Takes over the sandbox of a container that ran on while no engine did. */
function adopt(deps: Deps, containerId: string): void {
  const { engineId, host, store, sandboxes, ports, records, bridges, log } = deps;
  const sandbox = store.read(containerId);
  if (sandbox === undefined || sandboxes.has(containerId)) return;
  if (sandbox.mode !== 'host' && mountsBelow(store.namespacePath(containerId)).length === 0)
    log.warn('the network namespace of a running container is not pinned any more', {
      container: sandbox.containerName,
    });
  sandboxes.set(containerId, sandbox);
  for (const endpoint of sandbox.endpoints) {
    const network = records.list().find(({ id, driver }) => id === endpoint.networkId && driver === 'bridge');
    // Who took the interface away has cut its containers off: they are plugged in again.
    if (network !== undefined) plugBack(host, { engineId, endpoint, bridge: bridges.ensure(network).link.index });
  }
  try {
    ports.hold({ id: containerId, name: sandbox.containerName }, sandbox.ports);
  } catch (error) {
    log.warn('a published port was taken by another program while the engine was away', {
      container: sandbox.containerName,
      reason: (error as Error).message,
    });
  }
}
