import { existsSync, readFileSync } from 'node:fs';
import { mkdir, readdir, readFile, rmdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type MountEntry, parseMountinfo } from './proc.ts';

/** How this host mounts its control groups. */
export interface CgroupLayout {
  /** 2 = one tree with all controllers. 1 = a tree per controller, with or without (`unified`) a second-version tree beside. */
  version: 1 | 2;
  /** Mount point by controller (`memory`, `pids`, …); a named hierarchy as `name=systemd`. With version 2 all are the one tree. */
  controllers: ReadonlyMap<string, string>;
  /** Mount point of the second-version tree, where there is one. */
  unified: string | undefined;
}

const ROOT = '/sys/fs/cgroup';
const REMOVE_TRIES = 50;

/** The layout of this host. */
export function detectCgroups(root: string = ROOT): CgroupLayout {
  const list = join(root, 'cgroup.controllers');
  const mounts = parseMountinfo(readFileSync('/proc/self/mountinfo', 'utf8'));
  return layoutOf(mounts, { root, controllers: existsSync(list) ? readFileSync(list, 'utf8') : undefined });
}

/** The layout that mounts tell. `controllers` is the text of `cgroup.controllers` in `root`, absent with version 1. */
export function layoutOf(
  mounts: readonly MountEntry[],
  { root = ROOT, controllers }: { root?: string; controllers?: string | undefined },
): CgroupLayout {
  if (controllers !== undefined) {
    const names = controllers.trim().split(/\s+/).filter(Boolean);
    return { version: 2, unified: root, controllers: new Map(names.map((name) => [name, root])) };
  }
  const own = mounts.filter(({ mountPoint }) => mountPoint.startsWith(`${root}/`));
  const trees = own
    .filter(({ type }) => type === 'cgroup')
    .flatMap(({ superOptions, mountPoint }) =>
      superOptions.filter((option) => !NOT_CONTROLLERS.has(option)).map((name) => [name, mountPoint] as const),
    );
  return {
    version: 1,
    unified: own.find(({ type }) => type === 'cgroup2')?.mountPoint,
    controllers: new Map(trees),
  };
}

const NOT_CONTROLLERS: ReadonlySet<string> = new Set(['rw', 'ro', 'xattr', 'noprefix', 'clone_children', 'seclabel']);

/** Folder of a group for one controller; undefined if the host lacks the controller. `group` begins with a slash. */
export function cgroupFolder(layout: CgroupLayout, controller: string, group: string): string | undefined {
  const mountPoint = layout.controllers.get(controller);
  return mountPoint === undefined ? undefined : join(mountPoint, group);
}

/** Folders of a group in every hierarchy. */
export function cgroupFolders({ controllers, unified }: CgroupLayout, group: string): string[] {
  const mountPoints = new Set(controllers.values());
  if (unified !== undefined) mountPoints.add(unified);
  return [...mountPoints].map((mountPoint) => join(mountPoint, group));
}

/** Makes a group in every hierarchy; one that is there is fine. New first-version cpuset groups get their parent's processors. */
export async function createCgroup(layout: CgroupLayout, group: string): Promise<void> {
  for (const folder of cgroupFolders(layout, group)) await mkdir(folder, { recursive: true });
  const cpuset = layout.version === 1 ? layout.controllers.get('cpuset') : undefined;
  if (cpuset === undefined) return;
  let path = cpuset;
  for (const part of group.split('/').filter(Boolean)) {
    const parent = path;
    path = join(path, part);
    for (const file of ['cpuset.cpus', 'cpuset.mems']) await inherit(parent, path, file);
  }
}

/** A first-version cpuset group without processors or memory nodes takes no process. */
async function inherit(parent: string, child: string, file: string): Promise<void> {
  if ((await readFile(join(child, file), 'utf8')).trim() !== '') return;
  await writeFile(join(child, file), await readFile(join(parent, file), 'utf8'));
}

/** Moves a process into a group, in every hierarchy. */
export async function joinCgroup(layout: CgroupLayout, group: string, pid: number): Promise<void> {
  for (const folder of cgroupFolders(layout, group)) await writeFile(join(folder, 'cgroup.procs'), String(pid));
}

/** Processes of a group and the groups below. */
export async function cgroupProcesses(layout: CgroupLayout, group: string): Promise<number[]> {
  const pids = new Set<number>();
  const folders = await Promise.all(cgroupFolders(layout, group).map(subtree));
  for (const folder of folders.flat()) {
    const lines = (await readText(join(folder, 'cgroup.procs'))).split('\n');
    for (const pid of lines.map(Number)) if (pid > 0) pids.add(pid);
  }
  return [...pids];
}

/** Kills every process of a group and the groups below, at once where the kernel can (5.14). */
export async function killCgroup(layout: CgroupLayout, group: string): Promise<void> {
  if (layout.unified !== undefined && (await writeIfThere(join(layout.unified, group, 'cgroup.kill'), '1'))) return;
  for (const pid of await cgroupProcesses(layout, group)) killProcess(pid);
  const freezer = layout.version === 1 ? cgroupFolder(layout, 'freezer', group) : undefined;
  // A frozen first-version group dies only when it is thawed.
  if (freezer !== undefined) await writeIfThere(join(freezer, 'freezer.state'), 'THAWED');
}

/** Removes a group and the groups below from every hierarchy; what is not there is fine. Waits a moment for ending processes. */
export async function removeCgroup(layout: CgroupLayout, group: string): Promise<void> {
  for (const folder of cgroupFolders(layout, group))
    for (const below of (await subtree(folder)).toReversed()) await removeFolder(below);
}

async function removeFolder(folder: string): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await rmdir(folder);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === 'ENOENT') return;
      if (code !== 'EBUSY' || attempt >= REMOVE_TRIES) throw error;
      await sleep(10);
    }
  }
}

/** The folder and all below, parents first; empty if it is not there. */
async function subtree(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => undefined);
  if (entries === undefined) return [];
  const below: string[] = [folder];
  for (const entry of entries) if (entry.isDirectory()) below.push(...(await subtree(join(folder, entry.name))));
  return below;
}

function killProcess(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It ended by itself.
  }
}

async function readText(path: string): Promise<string> {
  return readFile(path, 'utf8').catch(() => '');
}

async function writeIfThere(path: string, text: string): Promise<boolean> {
  return writeFile(path, text, { flag: 'r+' }).then(
    () => true,
    () => false,
  );
}
