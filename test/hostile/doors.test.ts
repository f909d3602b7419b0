import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { openTestFiles } from '#engine/builder/sources/test-files.ts';
import { findSources } from '#engine/builder/sources/find-sources.ts';
import { isArchive } from '#engine/builder/sources/is-archive.ts';
import { unpackArchive } from '#engine/builder/steps/local-archive.ts';
import { BerthError, InternalError } from '#lib/errors.ts';
import { openRoot } from '#lib/files/open-root.ts';
import { defectOf, send } from '../../soak/fuzz-support.ts';
import { importBusybox } from '../support/base-image.ts';
import { startEngine } from '../support/engine.ts';
import { layerCases } from './all-cases.ts';
import { openWatchedPlace } from './watched-place.ts';

// Doors that write an archive into a tree that is there: whiteouts are ordinary files, and links lead on inside the tree. Nothing may lead
// out of it, and what is refused is refused with an error that is about the archive.

/** What is wrong with how something ended; undefined if it is done, or properly refused. */
async function defectIn(work: Promise<unknown>): Promise<string | undefined> {
  try {
    await work;
    return undefined;
  } catch (error) {
    return error instanceof BerthError && !(error instanceof InternalError) ? undefined : (error as Error).stack;
  }
}

test('a hostile archive that a build adds stays in its tree', async () => {
  await using place = await openWatchedPlace();
  const folder = join(place.store, 'context');
  const tree = join(place.store, 'tree');
  const signal = new AbortController().signal;
  const failures: string[] = [];
  await mkdir(folder);
  for (const { what, tar } of layerCases(place.outside)) {
    await writeFile(join(folder, 'hostile.tar'), tar);
    await mkdir(join(tree, 'target'), { recursive: true });
    {
      using from = openRoot(folder);
      using to = openRoot(tree);
      const context = { root: from, kind: 'context', digests: new Map(), taken: new Map() } as const;
      const [source] = findSources(context, 'hostile.tar', []);
      const add = async (): Promise<void> => {
        if (source !== undefined && (await isArchive(from, source)))
          await unpackArchive({ from, to }, { source, folder: 'target' }, { owner: undefined, signal });
      };
      const defect = await defectIn(add());
      if (defect !== undefined) failures.push(`${what}: ${defect}`);
    }
    const changes = await place.changes();
    if (changes.length > 0) failures.push(`${what}: ${changes.join(', ')}`);
    await rm(tree, { recursive: true });
  }
  expect(failures).toEqual([]);
});

test('a hostile archive as the context of a build stays in its folder and leaves nothing', async () => {
  await using place = await openWatchedPlace();
  const signal = new AbortController().signal;
  const failures: string[] = [];
  for (const { what, tar } of layerCases(place.outside)) {
    async function* source(): AsyncGenerator<Uint8Array> {
      yield tar;
    }
    const open = async (): Promise<void> => {
      await using _ = await openTestFiles(place.store, source(), { signal });
    };
    const defect = await defectIn(open());
    if (defect !== undefined) failures.push(`${what}: ${defect}`);
    const changes = await place.changes();
    if (changes.length > 0) failures.push(`${what}: ${changes.join(', ')}`);
  }
  expect(failures).toEqual([]);
});

test('a hostile archive that is copied into a container stays in it', async () => {
  await using place = await openWatchedPlace();
  await using engine = await startEngine();
  await importBusybox(engine);
  const failures: string[] = [];
  const { stdout } = await engine.docker('create', 'busybox', 'true');
  for (const { what, tar } of layerCases(place.outside)) {
    const path = `/containers/${stdout.trim()}/archive?path=/root`;
    const answer = await send(engine.socket, { method: 'PUT', path, type: 'application/x-tar', body: tar });
    const defect = defectOf(answer);
    if (defect !== undefined) failures.push(`${what}: ${defect}`);
    const changes = await place.changes();
    if (changes.length > 0) failures.push(`${what}: ${changes.join(', ')}`);
  }
  expect(failures).toEqual([]);
  expect(engine.log()).not.toMatch(/level=error/);
});
