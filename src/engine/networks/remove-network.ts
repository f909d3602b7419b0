import { PermissionDeniedError } from '#lib/errors.ts';
import { refusePredefined } from './network-records.ts';
import { type Deps, publishNetwork } from './shared.ts';

/**
 * Takes a user's network away with its interface.
 * @throws {PermissionDeniedError} if it is predefined or a running container is in it; {NotFoundError}
 */
export async function removeNetwork({ records, ipam, bridges, firewall, events }: Deps, name: string): Promise<void> {
  const record = records.get(name);
  refusePredefined(record.name, 'remove');
  const inUse = ipam.inNetwork(record.id);
  if (inUse.length > 0) {
    const list = inUse.map((other) => `name:"${other.containerName}" id:"${other.endpointId.slice(0, 12)}"`);
    throw new PermissionDeniedError(
      `error while removing network: network ${record.name} has active endpoints (${list.join(', ')})`,
      { hint: 'stop or disconnect these containers' },
    );
  }
  bridges.remove(record);
  records.delete(record.id);
  await firewall.refresh();
  publishNetwork(events, 'destroy', record);
}
