import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { rmdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { InvalidArgumentError } from '#lib/errors.ts';
import { type CgroupLayout, cgroupFolders } from '#linux/cgroup.ts';

/** Where control groups of containers are: below the engine's own group, or below another of the host that was asked for. */
export interface Groups {
  /** Path below every hierarchy. */
  of(id: string): string;
  /** Puts a container that is not made yet below a group of the host. Its bundle is there. @throws {InvalidArgumentError} */
  placeBelow(id: string, parent: string): Promise<void>;
  /** To be called when its group is gone: the group above goes too if it was made for it. */
  forget(id: string): Promise<void>;
}

interface Place {
  group: string;
  /** Groups that were not there before; deepest first. */
  made: string[];
}

const FILE = 'cgroup-parent.json';

/** Reads what former engines wrote into bundles. */
export function openGroups(options: { bundles: string; engineId: string; own: string; cgroups: CgroupLayout }): Groups {
  const { bundles, engineId, own, cgroups } = options;
  const places = new Map(
    readdirSync(bundles).flatMap((id): [string, Place][] => {
      const place = readPlace(join(bundles, id, FILE));
      return place === undefined ? [] : [[id, place]];
    }),
  );
  return {
    of: (id) => places.get(id)?.group ?? `${own}/${id}`,
    async placeBelow(id, parent) {
      const above = parentPath(parent);
      const made = withParents(above).filter(
        (group) => !cgroupFolders(cgroups, group).some((path) => existsSync(path)),
      );
      const place = { group: `${above}/berth-${engineId}-${id}`, made };
      await writeFile(join(bundles, id, FILE), JSON.stringify(place), { mode: 0o600 });
      places.set(id, place);
    },
    async forget(id) {
      const place = places.get(id);
      places.delete(id);
      for (const group of place?.made ?? [])
        for (const folder of cgroupFolders(cgroups, group)) await rmdir(folder).catch(() => {}); // others use it by now
    },
  };
}

function readPlace(path: string): Place | undefined {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as Place;
  } catch {
    return undefined; // the usual case: there is none
  }
}

/** @throws {InvalidArgumentError} for a path that leads elsewhere */
function parentPath(text: string): string {
  const parts = text.split('/').filter((part) => part !== '' && part !== '.');
  if (parts.length === 0 || parts.some((part) => part === '..' || /[\0\n]/.test(part)))
    throw new InvalidArgumentError(`invalid cgroup parent: ${JSON.stringify(text)}`, {
      hint: 'name a group below the root of the control groups, such as /builds',
    });
  return `/${parts.join('/')}`;
}

/** A group and those above it, deepest first. */
function withParents(group: string): string[] {
  const parts = group.split('/').slice(1);
  return parts.map((_, index) => `/${parts.slice(0, parts.length - index).join('/')}`);
}
