import { readdir, readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { run } from '#lib/run.ts';
import { cgroupFolders, cgroupProcesses, detectCgroups, killCgroup, removeCgroup } from '#linux/cgroup.ts';
import { unmount } from '#linux/mount.ts';
import { parseMountinfo } from '#linux/proc.ts';

/** What an engine can leave on the host outside its folders. */
export interface Subject {
  /** Folder that holds its data root and exec root. */
  root: string;
  /** Empty if it never got that far. */
  id: string;
}

/** What a stopped engine without containers has left where it must not: mounts, processes, groups with processes or below its own. */
export async function findLeftovers({ root, id }: Subject): Promise<string[]> {
  const found = [
    ...(await mountsBelow(root)).map((path) => `mount ${path}`),
    ...(await processesWith(root)).map(({ pid, command }) => `process ${pid}: ${command}`),
  ];
  if (id !== '') found.push(...(await groupsBelow(id)));
  return found;
}

/** Takes everything away that carries the engine's id or lies below its folder, then makes sure of it. */
export async function removeLeftovers({ root, id }: Subject): Promise<void> {
  if (id !== '') {
    await killCgroup(detectCgroups(), `/berth-${id}`);
    await removeLinks(id);
    await removeTables(id);
  }
  for (const { pid } of await processesWith(root)) kill(pid);
  for (let round = 0; round < 50 && (await processesWith(root)).length > 0; round++) await sleep(20);
  for (const path of (await mountsBelow(root)).toReversed()) unmount(path);
  if (id !== '') await removeCgroup(detectCgroups(), `/berth-${id}`);
}

async function mountsBelow(root: string): Promise<string[]> {
  return parseMountinfo(await readFile('/proc/self/mountinfo', 'utf8'))
    .map(({ mountPoint }) => mountPoint)
    .filter((path) => path.startsWith(`${root}/`));
}

/** Our own process and its parents may carry the folder's name in their arguments, too. */
async function processesWith(root: string): Promise<{ pid: number; command: string }[]> {
  const found: { pid: number; command: string }[] = [];
  for (const name of await readdir('/proc')) {
    if (!/^\d+$/.test(name) || Number(name) === process.pid) continue;
    const command = (await readFile(`/proc/${name}/cmdline`, 'utf8').catch(() => '')).replaceAll('\0', ' ').trim();
    if (/^\S*(conmon|runc|berth-net|node)\b/.test(command) && command.includes(`${root}/`))
      found.push({ pid: Number(name), command });
  }
  return found;
}

async function groupsBelow(id: string): Promise<string[]> {
  const layout = detectCgroups();
  const found = (await cgroupProcesses(layout, `/berth-${id}`)).map((pid) => `process ${pid} in /berth-${id}`);
  for (const folder of cgroupFolders(layout, `/berth-${id}`)) {
    const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
    found.push(...entries.filter((entry) => entry.isDirectory()).map(({ name }) => `cgroup ${folder}/${name}`));
  }
  return found;
}

async function removeLinks(id: string): Promise<void> {
  const { stdout } = await run(['ip', '-json', 'link', 'show']);
  const links = JSON.parse(stdout) as { ifname: string; ifalias?: string }[];
  for (const { ifname, ifalias } of links)
    if (ifalias?.startsWith(`berth:${id}:`)) await run(['ip', 'link', 'delete', ifname], { allowFailure: true });
}

async function removeTables(id: string): Promise<void> {
  const { stdout } = await run(['nft', '--json', 'list', 'ruleset'], { allowFailure: true });
  const { nftables = [] } = JSON.parse(stdout || '{}') as { nftables?: Record<string, NftObject>[] };
  for (const { table, rule } of nftables) {
    if (table?.name === `berth_${id}`)
      await run(['nft', 'delete', 'table', table.family, table.name], { allowFailure: true });
    // Marked accept rules in the chains of another firewall.
    if (rule?.comment?.includes(id) === true && rule.table !== `berth_${id}`)
      await run(
        ['nft', 'delete', 'rule', rule.family, rule.table ?? '', rule.chain ?? '', 'handle', String(rule.handle)],
        { allowFailure: true },
      );
  }
}

interface NftObject {
  family: string;
  name: string;
  table?: string;
  chain?: string;
  handle?: number;
  comment?: string;
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It ended by itself.
  }
}
