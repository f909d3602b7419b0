import type { Deps } from './shared.ts';

/** Gives a running container another name in its networks. */
export function renameInNetworks(deps: Deps, containerId: string, containerName: string): void {
  const { sandboxes, store, ipam, neighbours } = deps;
  const sandbox = sandboxes.get(containerId);
  if (sandbox === undefined) return;
  const renamed = { ...sandbox, containerName };
  sandboxes.set(containerId, renamed);
  store.write(renamed);
  ipam.rename(containerId, containerName);
  neighbours.changed(
    containerId,
    sandbox.endpoints.map(({ networkId }) => networkId),
  );
}
