import type { Containers } from './containers/containers.ts';
import { isRunning } from './containers/record.ts';
import type { ImageUser } from './images/remove-image.ts';
import type { Digest } from '#oci/digest.ts';

/** Containers by the image they were made of. */
export function imageUsers(containers: Containers): Map<Digest, ImageUser[]> {
  const records = containers.records().map((record) => ({
    image: record.image,
    user: { id: record.id, isRunning: isRunning(record) },
  }));
  return new Map(
    Map.groupBy(records, ({ image }) => image)
      .entries()
      .map(([image, entries]) => [image, entries.map(({ user }) => user)]),
  );
}

/** Ids of the containers, running or not, that a volume is mounted into. */
export function volumeUsers(containers: Containers, volume: string): string[] {
  return containers
    .records()
    .filter(({ mounts }) => mounts.some(({ type, name }) => type === 'volume' && name === volume))
    .map(({ id }) => id);
}
