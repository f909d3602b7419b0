import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { CgroupLayout } from '#linux/cgroup.ts';

/** How often the kernel killed in a group because its memory ran out; 0 if the group is gone. */
export async function oomKills({ version, unified, controllers }: CgroupLayout, group: string): Promise<number> {
  const path =
    version === 2
      ? join(unified ?? '', group, 'memory.events')
      : join(controllers.get('memory') ?? '', group, 'memory.oom_control');
  const text = await readFile(path, 'utf8').catch(() => '');
  return Number(/^oom_kill (\d+)/m.exec(text)?.[1] ?? 0);
}
