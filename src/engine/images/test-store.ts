import { mkdir, mkdtempDisposable } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openContentStore } from '#engine/content/store.ts';
import { type EventLog, openEvents } from '#engine/events/events.ts';
import type { MountForm } from '#engine/layers/layer-store.ts';
import { openLayers } from '#engine/layers/open-layers.ts';
import { openSnapshotter } from '#engine/snapshots/open-snapshotter.ts';
import { silentLog } from '#lib/log.ts';
import { type Database, openDatabase } from '#lib/sqlite.ts';
import { MIGRATIONS } from '../migrations.ts';
import { type Images, openImages } from './images.ts';

/** An image store on its own temporary folder, for tests. */
export interface TestStore extends AsyncDisposable {
  root: string;
  images: Images;
  database: Database;
  events: EventLog;
  /** Opens the store again on the same folder, as after a restart. */
  reopen(): Promise<Images>;
}

/**
 * @param root a folder that is kept; a temporary one if absent
 * @param options the form in which layers are mounted; the best that works here if absent
 */
export async function openTestStore(root?: string, { form }: { form?: MountForm } = {}): Promise<TestStore> {
  await using stack = new AsyncDisposableStack();
  const folder = root ?? stack.use(await mkdtempDisposable(join(tmpdir(), 'images-'))).path;
  await mkdir(folder, { recursive: true });
  const database = openDatabase(join(folder, 'engine.db'), MIGRATIONS);
  stack.defer(() => database.close());
  const events = openEvents();
  let stores = new AsyncDisposableStack();
  stack.defer(() => stores.disposeAsync());
  const open = async (): Promise<Images> => {
    await stores.disposeAsync();
    stores = new AsyncDisposableStack();
    const log = silentLog;
    const content = await openContentStore(join(folder, 'content'));
    const layers = stores.use(await openLayers({ database, root: join(folder, 'layers'), log }));
    const trees = join(folder, 'snapshots');
    const snapshots = stores.use(await openSnapshotter({ database, root: trees, layers, log, form }));
    return openImages({ database, content, layers, snapshots, events, log });
  };
  const images = await open();
  const held = stack.move();
  return { root: folder, images, database, events, reopen: open, [Symbol.asyncDispose]: () => held.disposeAsync() };
}
