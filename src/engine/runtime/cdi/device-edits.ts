import { statSync } from 'node:fs';
import { InvalidArgumentError } from '#lib/errors.ts';
import { parseDeviceNumber } from '#linux/mknod.ts';
import type { DeviceRule, DeviceSpec, HooksSpec, HookName } from '#oci/runtime-spec.ts';
import type { CdiDeviceNode, CdiEdits, CdiHook, CdiMount } from './cdi-spec.ts';
import type { KnownDevice } from './read-cdi.ts';

/** What devices bring into a container, as the runtime takes it. */
export interface DeviceEdits {
  /** `NAME=value`. */
  env: string[];
  nodes: DeviceSpec[];
  rules: DeviceRule[];
  mounts: DeviceMount[];
  hooks: HooksSpec;
  additionalGids: number[];
}

export interface DeviceMount {
  type: 'bind' | 'tmpfs';
  source: string;
  destination: string;
  options: string[];
}

/** The edits of devices one after another; what a description says for all its devices comes once, before the first of them. */
export function mergeEdits(devices: readonly KnownDevice[]): DeviceEdits {
  const merged: DeviceEdits = { env: [], nodes: [], rules: [], mounts: [], hooks: {}, additionalGids: [] };
  const done = new Set<string>();
  for (const { device, spec, file } of devices) {
    if (!done.has(file) && spec.containerEdits !== undefined) add(merged, spec.containerEdits, file);
    done.add(file);
    add(merged, device.containerEdits, file);
  }
  merged.additionalGids = [...new Set(merged.additionalGids)].filter((gid) => gid > 0);
  return merged;
}

function add(merged: DeviceEdits, ...[edits, file]: [edits: CdiEdits, file: string]): void {
  merged.env.push(...(edits.env ?? []));
  for (const node of edits.deviceNodes ?? []) {
    const spec = nodeOf(node, file);
    merged.nodes.push(spec);
    const access = node.permissions ?? 'rwm';
    if (access === 'none') continue;
    if (!/^[rwm]{1,3}$/.test(access)) throw broken(file, `${access} is no permission of a device`);
    merged.rules.push({ allow: true, type: spec.type, major: spec.major, minor: spec.minor, access });
  }
  merged.mounts.push(...(edits.mounts ?? []).map((mount) => mountOf(mount, file)));
  for (const hook of edits.hooks ?? []) addHook(merged.hooks, hook);
  merged.additionalGids.push(...(edits.additionalGids ?? []));
}

/** Numbers that a description leaves out are those of the device on this host. */
function nodeOf(
  { path, hostPath = path, type, major, minor, fileMode, uid, gid }: CdiDeviceNode,
  file: string,
): DeviceSpec {
  const found = type === undefined || major === undefined || minor === undefined ? deviceAt(hostPath, file) : undefined;
  const kind = type ?? found?.type;
  if (kind !== 'c' && kind !== 'b' && kind !== 'u') throw broken(file, `${hostPath} is no device`);
  return {
    path,
    type: kind === 'b' ? 'b' : 'c',
    major: major ?? found?.major ?? 0,
    minor: minor ?? found?.minor ?? 0,
    ...(fileMode === undefined ? { fileMode: found?.mode ?? 0o666 } : { fileMode }),
    uid: uid ?? found?.uid ?? 0,
    gid: gid ?? found?.gid ?? 0,
  };
}

function deviceAt(
  path: string,
  file: string,
): { type: 'c' | 'b'; major: number; minor: number; mode: number; uid: number; gid: number } {
  const stats = statSync(path, { bigint: true, throwIfNoEntry: false });
  if (stats === undefined || !(stats.isCharacterDevice() || stats.isBlockDevice()))
    throw broken(file, `${path} is no device on this host`);
  const own = { mode: Number(stats.mode) & 0o777, uid: Number(stats.uid), gid: Number(stats.gid) };
  return { type: stats.isBlockDevice() ? 'b' : 'c', ...parseDeviceNumber(stats.rdev), ...own };
}

function mountOf({ hostPath, containerPath, options = [], type }: CdiMount, file: string): DeviceMount {
  const isBind = type === undefined || type === '' || type === 'bind' || type === 'none';
  if (!isBind && type !== 'tmpfs') throw broken(file, `a mount of type ${type} is not supported`);
  const own = options.filter((option) => option !== 'bind' && option !== 'rbind');
  return { type: isBind ? 'bind' : 'tmpfs', source: hostPath, destination: containerPath, options: own };
}

function addHook(hooks: HooksSpec, { hookName, path, args, env, timeout }: CdiHook): void {
  const name = hookName as HookName;
  const spec = {
    path,
    ...(args !== undefined && { args }),
    ...(env !== undefined && { env }),
    ...(timeout !== undefined && { timeout }),
  };
  hooks[name] = [...(hooks[name] ?? []), spec];
}

function broken(file: string, why: string): InvalidArgumentError {
  return new InvalidArgumentError(`${file} describes a device that cannot be given to a container`, { why });
}
