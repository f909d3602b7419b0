import type { MountForm } from '#engine/layers/layer-store.ts';
import { fullDisk } from '#lib/full-disk.ts';
import type { Log } from '#lib/log.ts';
import type { Database } from '#lib/sqlite.ts';
import { FORM_NAMES, type ProbedForm, probeForm } from './probe-form.ts';
import type { SnapshotFolders } from './snapshot-folders.ts';

const KEY = 'layer form';

/**
 * Finds out how layers can be mounted here, and remembers it: on a full disk nothing can be tried, and the engine has to start all the same.
 * @throws {UnavailableError} if the form that is wanted does not work
 */
export async function chooseForm(
  { database, folders }: { database: Database; folders: Pick<SnapshotFolders, 'create'> },
  { wanted, log }: { wanted: MountForm | undefined; log: Log },
): Promise<ProbedForm> {
  const row = database.prepare('SELECT value FROM meta WHERE key = ?').get(KEY);
  const former = row?.['value'] as MountForm | undefined;
  try {
    const probed = await probeForm(folders, { wanted, log });
    if (probed.form !== former)
      database.prepare('INSERT OR REPLACE INTO meta (key, value) VALUES (?, ?)').run(KEY, probed.form);
    return probed;
  } catch (error) {
    const form = wanted ?? former;
    if (fullDisk(error) === undefined || form === undefined) throw error;
    const reason = 'the disk is full';
    log.warn('how layers can be mounted was not tried, it is done as before', { form, reason });
    return {
      form,
      reason,
      status: [
        ['Layer files', FORM_NAMES[form]],
        ['Not tried', reason],
      ],
    };
  }
}
