import { readdir, rmdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { removeTree } from '#lib/files/remove-tree.ts';
import type { Log } from '#lib/log.ts';
import { openDatabase } from '#lib/sqlite.ts';
import { detectCgroups, killCgroup, removeCgroup } from '#linux/cgroup.ts';
import { unmount } from '#linux/mount.ts';
import { mountsBelow } from '#linux/mounts-below.ts';
import { openEvents } from './events/events.ts';
import { readEngineId } from './identity.ts';
import { MIGRATIONS } from './migrations.ts';
import { openNetworks } from './networks/open-networks.ts';
import { engineProcesses } from './processes.ts';

/** What an engine makes in its data root; anything else there is not ours to delete. */
const DATA_ENTRIES = [
  'builder',
  'containers',
  'content',
  'layers',
  'snapshots',
  'volumes',
  'engine.db',
  'engine.db-shm',
  'engine.db-wal',
  'engine.lock',
  'engine.log',
  'engine.log.1',
  'engine-id',
];
const EXIT_CHECKS = 100;
const EXIT_CHECK_MS = 20;

export interface PurgeOptions {
  dataRoot: string;
  execRoot: string;
  log: Log;
}

/**
 * Takes away everything an engine that does not run has on this host: containers, mounts, interfaces, rules, control groups, its
 * folders. It needs neither runc nor a database that opens.
 * @returns what is left in the data root because it is not the engine's
 */
export async function purgeEngine({ dataRoot, execRoot, log }: PurgeOptions): Promise<string[]> {
  const names = await readdir(dataRoot).catch((): string[] => []);
  if (names.includes('engine-id')) {
    const id = await readEngineId(dataRoot);
    const cgroups = detectCgroups();
    await killCgroup(cgroups, `/berth-${id}`);
    await endSupervisors(execRoot);
    await removeNetworks(id, { dataRoot, execRoot, log });
    for (const path of [...mountsBelow(execRoot), ...mountsBelow(dataRoot)]) unmount(path);
    await removeCgroup(cgroups, `/berth-${id}`);
  }
  await removeTree(execRoot);
  for (const name of DATA_ENTRIES) await removeTree(join(dataRoot, name));
  const left = await readdir(dataRoot).catch(() => []);
  if (left.length === 0) await rmdir(dataRoot).catch(() => {});
  return left;
}

/** They end by themselves once their container is gone; one that does not is ended. */
async function endSupervisors(execRoot: string): Promise<void> {
  for (let check = 0; check < EXIT_CHECKS; check++) {
    const left = await supervisors(execRoot);
    if (left.length === 0) return;
    if (check > EXIT_CHECKS / 2) for (const pid of left) endProcess(pid);
    await sleep(EXIT_CHECK_MS);
  }
}

async function supervisors(execRoot: string): Promise<number[]> {
  return (await engineProcesses({ pid: 0, execRoot })).map(({ pid }) => pid);
}

function endProcess(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It ended by itself.
  }
}

async function removeNetworks(engineId: string, { dataRoot, execRoot, log }: PurgeOptions): Promise<void> {
  try {
    const database = openDatabase(join(dataRoot, 'engine.db'), MIGRATIONS);
    const options = { bridgeAddress: undefined, addressPools: [], dns: [], mtu: undefined };
    const networks = await openNetworks({ database, engineId, dataRoot, execRoot, events: openEvents(), log, options });
    await networks.teardown();
    database.close();
  } catch (error) {
    log.warn('networks could not be taken away', { error: String(error) });
  }
}
