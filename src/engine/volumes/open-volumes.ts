import { randomBytes } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { ConflictError, InvalidArgumentError, NotFoundError } from '#lib/errors.ts';
import { removeTree } from '#lib/files/remove-tree.ts';
import { treeUsage } from '#lib/files/tree-usage.ts';
import { createKeyedLock } from '#lib/keyed-lock.ts';
import type { Database } from '#lib/sqlite.ts';
import { mountsBelow } from '#linux/mounts-below.ts';
import { unmount } from '#linux/mount.ts';
import type { Events } from '../events/events.ts';
import { mountDevice } from './mount-device.ts';
import { openVolumeRecords } from './volume-records.ts';
import type { VolumeRecord, Volumes } from './volumes.ts';

/** Label of a volume that nobody named, as Docker sets it. */
const ANONYMOUS_LABEL = 'com.docker.volume.anonymous';

/** Opens the volumes below `root`: a folder each, with the content in `_data`. */
export async function openVolumes(collaborators: {
  database: Database;
  root: string;
  events: Events;
}): Promise<Volumes> {
  const { database, root, events } = collaborators;
  await mkdir(root, { recursive: true, mode: 0o701 });
  const folderOf = (name: string): string => join(root, name);
  const records = openVolumeRecords(database);
  const lock = createKeyedLock();
  const publish = (action: string, name: string): void =>
    events.publish({ type: 'volume', action, id: name, attributes: { driver: 'local' } });
  // After a restart of the machine nothing is mounted; a device that is away is told when the volume is used.
  for (const record of records.list()) await mountDevice(record).catch(() => {});

  return {
    async create(request) {
      const name = request.name || randomBytes(32).toString('hex');
      checkName(name);
      checkDriver(name, request.driver);
      using held = await lock.acquire(name);
      void held;
      const there = records.find(name);
      if (there !== undefined) return there;
      const record = recordOf(name, { request, mountpoint: join(folderOf(name), '_data') });
      await makeFolder(folderOf(name), record);
      records.insert(record);
      publish('create', name);
      return records.get(name);
    },

    async get(name) {
      const record = records.get(name);
      await mountDevice(record);
      return record;
    },

    list: async () => records.list(),

    async remove(name) {
      using held = await lock.acquire(name);
      void held;
      records.get(name);
      records.delete(name);
      await removeFolder(folderOf(name));
      publish('destroy', name);
    },

    size: async (name) => (await treeUsage(records.get(name).mountpoint)).bytes,
  };
}

function recordOf(
  name: string,
  { request, mountpoint }: { request: Parameters<Volumes['create']>[0]; mountpoint: string },
): VolumeRecord {
  const anonymous = !request.name || request.labels?.[ANONYMOUS_LABEL] !== undefined;
  return {
    name,
    driver: 'local',
    created: Date.now(),
    labels: { ...request.labels, ...(request.name ? {} : { [ANONYMOUS_LABEL]: '' }) },
    options: request.options ?? {},
    mountpoint,
    anonymous,
  };
}

/** The folder with what its options mount; nothing stays when that fails. */
async function makeFolder(folder: string, record: VolumeRecord): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o701 });
  try {
    await mkdir(record.mountpoint, { recursive: true, mode: 0o755 });
    await mountDevice(record);
  } catch (error) {
    await removeFolder(folder);
    throw error;
  }
}

/** What is mounted there is somebody else's: it is taken off first, and nothing is deleted as long as it is not. */
async function removeFolder(folder: string): Promise<void> {
  for (const mountPoint of mountsBelow(folder)) unmount(mountPoint);
  const [left] = mountsBelow(folder);
  if (left !== undefined) throw new ConflictError(`volume cannot be removed: ${left} is still mounted`);
  await removeTree(folder);
}

function checkName(name: string): void {
  if (name.length < 2)
    throw new InvalidArgumentError('volume name is too short, names should be at least two alphanumeric characters');
  if (!/^[a-zA-Z0-9][a-zA-Z0-9_.-]+$/.test(name) || name.length > 255)
    throw new InvalidArgumentError(
      `create ${name}: "${name}" includes invalid characters for a local volume name, only "[a-zA-Z0-9][a-zA-Z0-9_.-]" are allowed. If you intended to pass a host directory, use absolute path`,
    );
}

function checkDriver(name: string, driver: string | undefined): void {
  if (driver === undefined || driver === '' || driver === 'local') return;
  throw new NotFoundError(`create ${name}: error looking up volume plugin ${driver}: plugin "${driver}" not found`, {
    hint: 'use the driver "local"',
  });
}
