import { join } from 'node:path';
import { openRoot } from '#lib/files/open-root.ts';
import type { MountSpec } from '#oci/runtime-spec.ts';
import type { MountPoint } from './record.ts';

/** The mounts of a container as the runtime takes them. @throws {NotFoundError} if a folder of a volume is missing */
export function mountSpecs(mounts: readonly MountPoint[]): MountSpec[] {
  return mounts.map((mount) => (mount.type === 'tmpfs' ? tmpfsSpec(mount) : bindSpec(mount)));
}

function tmpfsSpec({ destination, options = [], writable }: MountPoint): MountSpec {
  const given = options.filter((option) => option !== 'ro' && option !== 'rw');
  const flags = ['nosuid', 'nodev', 'noexec'].filter((flag) => !given.includes(flag.replace('no', '')));
  return {
    destination,
    type: 'tmpfs',
    source: 'tmpfs',
    options: [
      ...new Set([...flags, ...given.filter((option) => !['suid', 'dev', 'exec'].includes(option))]),
      writable ? 'rw' : 'ro',
    ],
  };
}

function bindSpec(mount: MountPoint): MountSpec {
  const { destination, writable, propagation, nonRecursive } = mount;
  return {
    destination,
    type: 'bind',
    source: sourceOf(mount),
    options: [nonRecursive === true ? 'bind' : 'rbind', writable ? 'rw' : 'ro', propagation || 'rprivate'],
  };
}

/** A folder of a volume is looked up without leaving the volume (CVE-2024-23651 and its like). */
function sourceOf({ source, subpath }: MountPoint): string {
  if (subpath === undefined) return source;
  using root = openRoot(source, { links: 'refuse' });
  const path = root.resolveInRoot(subpath);
  if (root.lstat(path) === undefined) root.readdir(path); // throws what is missing
  return join(source, path);
}
