import { copyFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { MountSpec } from '#oci/runtime-spec.ts';
import type { Sandbox } from '#engine/networks/networks.ts';

const FILES = ['hosts', 'hostname', 'resolv.conf'] as const;

/** Writes the network's files into a bundle. */
export async function writeNetworkFiles(
  bundle: string,
  { hosts, resolvConf }: Pick<Sandbox, 'hosts' | 'resolvConf'>,
  hostname: string,
): Promise<void> {
  await Promise.all([
    writeFile(join(bundle, 'hosts'), hosts),
    writeFile(join(bundle, 'resolv.conf'), resolvConf),
    writeFile(join(bundle, 'hostname'), `${hostname}\n`),
  ]);
}

/** Those of another container whose network is joined. */
export async function copyNetworkFiles(bundle: string, other: string): Promise<void> {
  await Promise.all(FILES.map((file) => copyFile(join(other, file), join(bundle, file))));
}

/** Their mounts: by the names a container looks for. */
export function networkMounts(bundle: string): MountSpec[] {
  return FILES.map((file) => ({
    destination: `/etc/${file}`,
    type: 'bind',
    source: join(bundle, file),
    options: ['rbind', 'rprivate'],
  }));
}
