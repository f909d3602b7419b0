import type { MountSpec } from '#oci/runtime-spec.ts';
import { kernelAtLeast } from '#linux/kernel.ts';
import type { MountPoint } from './record.ts';
import { volumeFolder } from './volume-folders.ts';

/** The mounts of a container as the runtime takes them. */
export function mountSpecs(bundle: string, mounts: readonly MountPoint[], { runc }: { runc: string }): MountSpec[] {
  const deep = knowsDeepReadOnly(runc);
  return mounts.map((mount) => (mount.type === 'tmpfs' ? tmpfsSpec(mount) : bindSpec(bundle, mount, { deep })));
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

/** Whether what is mounted below a read-only bind can be made read-only, too: by runc 1.1 with mount_setattr(2). */
function knowsDeepReadOnly(runc: string): boolean {
  const [major = 0, minor = 0] = runc.split('.').map(Number);
  return kernelAtLeast(5, 12) && (major > 1 || (major === 1 && minor >= 1));
}

function bindSpec(bundle: string, mount: MountPoint, { deep }: { deep: boolean }): MountSpec {
  const { destination, writable, propagation, nonRecursive, readOnlyHere } = mount;
  const isDeep = deep && nonRecursive !== true && readOnlyHere !== true;
  const access = writable ? 'rw' : isDeep ? 'rro' : 'ro';
  return {
    destination,
    type: 'bind',
    source: mount.subpath === undefined ? mount.source : volumeFolder(bundle, mount),
    options: [nonRecursive === true ? 'bind' : 'rbind', access, propagation || 'rprivate'],
  };
}
