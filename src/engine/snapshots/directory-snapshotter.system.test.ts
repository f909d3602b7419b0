import { mkdtempDisposable } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe } from 'vitest';
import { openDatabase } from '#lib/sqlite.ts';
import { MIGRATIONS } from '../migrations.ts';
import { snapshotterConformance } from './conformance.ts';
import { openDirectorySnapshotter } from './directory-snapshotter.ts';

describe('directory snapshotter', () => {
  snapshotterConformance(async () => {
    const folder = await mkdtempDisposable(join(tmpdir(), 'snapshots-'));
    const database = openDatabase(':memory:', MIGRATIONS);
    const snapshots = await openDirectorySnapshotter({ database, root: join(folder.path, 'snapshots') });
    return { snapshots, [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose]() };
  });
});
