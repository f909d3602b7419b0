import { forgetFlows } from './forget-flows.ts';
import type { Deps } from './shared.ts';
import { publishEndpoint } from './shared.ts';

/** Takes a container's network away; what is not there is fine. */
export async function detach(deps: Deps, containerId: string): Promise<void> {
  const { sandboxes, store, ipam, ports, firewall, neighbours, events, records } = deps;
  const sandbox = sandboxes.get(containerId) ?? store.read(containerId);
  sandboxes.delete(containerId);
  // Ports first: from here on nothing leads to an address that another container may get.
  if (sandbox?.mode === 'bridge') {
    await firewall.refresh();
    forgetFlows(deps, sandbox);
  }
  ports.release(containerId);
  store.remove(containerId);
  ipam.release(containerId);
  if (sandbox === undefined) return;
  const networkIds = sandbox.endpoints.map(({ networkId }) => networkId);
  neighbours.changed(containerId, networkIds);
  for (const network of records.list().filter(({ id }) => networkIds.includes(id)))
    publishEndpoint(events, 'disconnect', { network, containerId });
}
