import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { InvalidArgumentError } from '#lib/errors.ts';
import type { HostConfig } from '#api/host-config.ts';
import type { DeviceRule, DeviceSpec } from '#oci/runtime-spec.ts';
import { deviceNumbers } from './resources.ts';

/** Device nodes of `--device` and `--privileged`, with the rules that allow them. @throws {InvalidArgumentError} */
export function devicesOf({ devices, deviceCgroupRules, privileged }: HostConfig): {
  nodes: DeviceSpec[];
  rules: DeviceRule[];
} {
  if (privileged) return { nodes: allDevices('/dev'), rules: [] };
  const nodes: DeviceSpec[] = [];
  const rules: DeviceRule[] = [];
  for (const { pathOnHost, pathInContainer, cgroupPermissions } of devices) {
    const access = cgroupPermissions || 'rwm';
    if (!/^[rwm]{1,3}$/.test(access)) throw new InvalidArgumentError(`invalid device mode: ${access}`);
    const { major, minor, type } = deviceNumbers(pathOnHost);
    nodes.push({ path: pathInContainer || pathOnHost, type, major, minor, fileMode: 0o666, uid: 0, gid: 0 });
    rules.push({ allow: true, type, major, minor, access });
  }
  return { nodes, rules: [...rules, ...deviceCgroupRules.map(parseRule)] };
}

/** `c 1:3 rwm`, with `*` for any number. */
function parseRule(text: string): DeviceRule {
  const [, type, major, minor, access] = /^([acb]) (\d+|\*):(\d+|\*) ([rwm]{1,3})$/.exec(text) ?? [];
  if (type === undefined || access === undefined)
    throw new InvalidArgumentError(`invalid device cgroup rule format: '${text}'`);
  return {
    allow: true,
    type: type as 'a' | 'b' | 'c',
    ...(major === '*' ? {} : { major: Number(major) }),
    ...(minor === '*' ? {} : { minor: Number(minor) }),
    access,
  };
}

/** What the runtime makes itself, and folders that are file systems of their own. */
const SKIPPED: ReadonlySet<string> = new Set([
  'pts',
  'shm',
  'mqueue',
  'fd',
  'console',
  'ptmx',
  'stdin',
  'stdout',
  'stderr',
]);

function allDevices(folder: string): DeviceSpec[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry): DeviceSpec[] => {
    const path = join(folder, entry.name);
    if (SKIPPED.has(entry.name)) return [];
    if (entry.isDirectory()) return allDevices(path);
    if (!entry.isCharacterDevice() && !entry.isBlockDevice()) return [];
    const { major, minor, type } = deviceNumbers(path);
    return [{ path, type, major, minor, fileMode: 0o666, uid: 0, gid: 0 }];
  });
}
