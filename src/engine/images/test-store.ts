import { mkdir, mkdtempDisposable } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openContentStore } from '#engine/content/store.ts';
import { type EventLog, openEvents } from '#engine/events/events.ts';
import { openDirectorySnapshotter } from '#engine/snapshots/directory-snapshotter.ts';
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

/** @param root a folder that is kept; a temporary one if absent */
export async function openTestStore(root?: string): Promise<TestStore> {
  await using stack = new AsyncDisposableStack();
  const folder = root ?? stack.use(await mkdtempDisposable(join(tmpdir(), 'images-'))).path;
  await mkdir(folder, { recursive: true });
  const database = openDatabase(join(folder, 'engine.db'), MIGRATIONS);
  stack.defer(() => database.close());
  const events = openEvents();
  const open = async (): Promise<Images> => {
    const content = await openContentStore(join(folder, 'content'));
    const snapshots = await openDirectorySnapshotter({ database, root: join(folder, 'snapshots') });
    return openImages({ database, content, snapshots, events, log: silentLog });
  };
  const images = await open();
  const held = stack.move();
  return { root: folder, images, database, events, reopen: open, [Symbol.asyncDispose]: () => held.disposeAsync() };
}
