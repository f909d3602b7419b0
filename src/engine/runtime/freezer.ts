import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { UnavailableError } from '#lib/errors.ts';
import type { CgroupLayout } from '#linux/cgroup.ts';

const TRIES = 500;

/** Stops or continues every process of a group; answers when the kernel says it is so. */
export async function setFrozen(layout: CgroupLayout, group: string, frozen: boolean): Promise<void> {
  const { write, text, read, reached } = freezerOf(layout, group, frozen);
  for (let attempt = 0; attempt < TRIES; attempt++) {
    await writeFile(write, text);
    if (reached(await readFile(read, 'utf8'))) return;
    await sleep(2);
  }
  throw new UnavailableError(`the container's processes could not be ${frozen ? 'frozen' : 'thawed'}`);
}

/** Whether a group is frozen now, also by another program. */
export async function isFrozen(layout: CgroupLayout, group: string): Promise<boolean> {
  const { read, reached } = freezerOf(layout, group, true);
  return reached(await readFile(read, 'utf8').catch(() => ''));
}

function freezerOf(
  { version, unified = '', controllers }: CgroupLayout,
  group: string,
  frozen: boolean,
): { write: string; text: string; read: string; reached: (text: string) => boolean } {
  if (version === 2)
    return {
      write: join(unified, group, 'cgroup.freeze'),
      text: frozen ? '1' : '0',
      read: join(unified, group, 'cgroup.events'),
      reached: (text) => text.includes(frozen ? 'frozen 1' : 'frozen 0'),
    };
  const path = join(controllers.get('freezer') ?? '/sys/fs/cgroup/freezer', group, 'freezer.state');
  const state = frozen ? 'FROZEN' : 'THAWED';
  return { write: path, text: state, read: path, reached: (text) => text.trim() === state };
}
