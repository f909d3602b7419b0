import { stat } from 'node:fs/promises';
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { BerthError } from '#lib/errors.ts';
import type { SnapshotName } from '#engine/snapshots/snapshotter.ts';
import { type Check, type Step, tell } from './check.ts';
import { type SnapshotRow, snapshotRows } from './rows.ts';

/** Every snapshot against its folder or layer, and those below it; of layers that are folders also the content, unless it is a fast check. */
export async function* checkSnapshots(check: Check): AsyncGenerator<Step> {
  yield { phase: 'snapshots' };
  const rows = snapshotRows(check.deps.database);
  const names = new Set(rows.map(({ name }) => name));
  for (const row of rows) {
    check.options.signal?.throwIfAborted();
    const fault = await faultOf(check, row, names);
    // What is being changed while this goes on is no fault.
    if (fault !== undefined && isSame(check, row)) yield await tellSnapshot(check, row, fault);
    else if (fault === undefined && !check.options.fast) yield* checkContent(check, row);
  }
}

async function faultOf(
  { deps }: Check,
  row: SnapshotRow,
  names: ReadonlySet<SnapshotName>,
): Promise<string | undefined> {
  const { dataRoot, layers } = deps;
  if (row.parent !== undefined && !names.has(row.parent)) return `snapshot ${row.parent}, which it builds on, is gone`;
  const folder = join(dataRoot, 'snapshots', row.directory);
  if (row.form === 'directory') {
    const tree = await stat(join(folder, 'fs')).catch(() => undefined);
    return tree?.isDirectory() === true ? undefined : `its folder ${folder}/fs is missing`;
  }
  if (row.diffId === undefined) return 'its record names no layer';
  const state = layers.find(row.diffId)?.state ?? 'missing';
  return state === 'settling' || state === 'durable' || state === 'unproven' ? undefined : `layer ${row.diffId} is ${state}`; // prettier-ignore
}

function isSame({ deps }: Check, row: SnapshotRow): boolean {
  return snapshotRows(deps.database).some(({ name, directory }) => name === row.name && directory === row.directory);
}

async function tellSnapshot(check: Check, row: SnapshotRow, fault: string): Promise<Step> {
  const { snapshots } = check.deps;
  const images = check.uses.ofSnapshot(row.name);
  return tell(
    check,
    {
      kind: 'snapshot',
      subject: row.name,
      what: `the tree of snapshot ${row.name} cannot be used`,
      why: fault,
      fix:
        images.length > 0
          ? 'load, pull or build the images again'
          : 'run `berth fsck --repair`, which removes the record if nothing builds on it',
      images,
    },
    async () => {
      await snapshots.remove(row.name);
      return images.length > 0 ? 'its record was removed; load, pull or build the images again' : 'its record was removed'; // prettier-ignore
    },
  );
}

/** The tar of a folder with a known digest must come out the same. */
async function* checkContent(check: Check, row: SnapshotRow): AsyncGenerator<Step> {
  if (row.form !== 'directory' || row.kind !== 'committed' || row.diffId === undefined) return;
  // Where layers are not mounted, a folder was unpacked from the layer's own tar, and its tar reads differently.
  if (check.deps.layers.find(row.diffId) !== undefined) return;
  const fault = yield* contentFault(check, row);
  if (fault === undefined || !isSame(check, row)) return;
  yield await tell(check, {
    kind: 'snapshot',
    subject: row.name,
    what: `the files of snapshot ${row.name} are not what they were`,
    why: fault,
    fix: 'load or pull the images it was built on again; if that does not help, build with --no-cache after `docker builder prune`',
    images: check.uses.ofSnapshot(row.name),
  });
}

async function* contentFault(check: Check, row: SnapshotRow): AsyncGenerator<Step, string | undefined> {
  const hash = createHash('sha256');
  try {
    for await (const chunk of check.deps.snapshots.diff(row.name)) {
      check.options.signal?.throwIfAborted();
      hash.update(chunk);
      yield { read: chunk.byteLength };
    }
  } catch (error) {
    if (!(error instanceof BerthError)) throw error;
    return `its tree cannot be read: ${error.message}`;
  }
  const seen = `sha256:${hash.digest('hex')}`;
  return seen === row.diffId ? undefined : `they are layer ${row.diffId} by their record, and hash to ${seen}`;
}
