import type { MountSpec } from '#oci/runtime-spec.ts';
import type { Context } from './context.ts';
import type { ContainerRecord } from './record.ts';

/** Mounts and variables that bring the host's certificate authorities in, where they were asked for. */
export async function hostCaParts(
  { hostCa }: Pick<Context, 'hostCa'>,
  record: Pick<ContainerRecord, 'hostCa' | 'config'>,
  rootfs: string,
): Promise<{ mounts: MountSpec[]; env: readonly string[] }> {
  const addition = record.hostCa ? await hostCa.additionFor(rootfs, record.config.env) : undefined;
  if (addition === undefined) return { mounts: [], env: [] };
  const mounts = addition.mounts.map(({ source, destination, options }) => ({
    destination,
    type: 'bind',
    source,
    options: ['bind', ...options],
  }));
  return { mounts, env: addition.env };
}
