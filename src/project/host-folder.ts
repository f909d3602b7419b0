import { stat } from 'node:fs/promises';
import type { HostFolder } from '#api/build-order.ts';

/** A folder as an engine on the same host is told of it. */
export async function hostFolder(folder: string): Promise<HostFolder> {
  const { dev, ino } = await stat(folder, { bigint: true });
  return { folder, device: `${dev}`, inode: `${ino}` };
}
