import { mkdtempDisposable } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { LayerStore, MountForm } from '#engine/layers/layer-store.ts';
import { openLayers } from '#engine/layers/open-layers.ts';
import { type Log, silentLog } from '#lib/log.ts';
import { type Database, openDatabase } from '#lib/sqlite.ts';
import { MIGRATIONS } from '../migrations.ts';
import type { SnapshotRig } from './conformance.ts';
import { openSnapshotter } from './open-snapshotter.ts';

export const FORMS: readonly MountForm[] = ['directio', 'buffered', 'loop', 'directory'];

export interface TestSnapshots extends SnapshotRig, AsyncDisposable {
  /** The data root. */
  folder: string;
  database: Database;
  /** Opens all of it again, as the next process would. `killed`: the former one had no time to clean up. */
  reopen(how?: { killed?: boolean; form?: MountForm }): Promise<void>;
}

export interface TestSnapshotsOptions {
  form?: MountForm | undefined;
  /** The data root; a new folder if absent. */
  folder?: string;
  log?: Log;
}

/** Layers and snapshots on a data root of their own; all of it goes when disposed. For tests. */
export async function openTestSnapshots(options: TestSnapshotsOptions = {}): Promise<TestSnapshots> {
  const { log = silentLog } = options;
  await using cleanup = new AsyncDisposableStack();
  const folder = options.folder ?? cleanup.use(await mkdtempDisposable(join(tmpdir(), 'snapshots-'))).path;
  const database = openDatabase(':memory:', MIGRATIONS);
  cleanup.defer(() => database.close());
  const open = async (form: MountForm | undefined) => {
    const layers = await openLayers({ database, root: join(folder, 'layers'), log });
    const snapshots = await openSnapshotter({ database, root: join(folder, 'snapshots'), layers, log, form });
    return { layers, snapshots };
  };
  let current = await open(options.form);
  const close = async (): Promise<void> => {
    await current.snapshots[Symbol.asyncDispose]();
    await current.layers[Symbol.asyncDispose]();
  };
  cleanup.defer(() => close());
  const held = cleanup.move();
  return {
    get layers(): LayerStore {
      return current.layers;
    },
    get snapshots() {
      return current.snapshots;
    },
    folder,
    database,
    async reopen({ killed = false, form = options.form } = {}) {
      if (killed) await current.layers[Symbol.asyncDispose]();
      else await close();
      current = await open(form);
    },
    [Symbol.asyncDispose]: () => held.disposeAsync(),
  };
}
