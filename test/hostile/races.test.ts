import { closeSync, constants, readFileSync, rmSync, writeSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { createReport } from '#engine/builder/progress/report.ts';
import { digestSource } from '#engine/builder/sources/digest-source.ts';
import { matchSources } from '#engine/builder/sources/find-sources.ts';
import { folderContext } from '#engine/builder/sources/folder-context.ts';
import { writeSource } from '#engine/builder/steps/write-files.ts';
import { createExtractor } from '#engine/snapshots/tree/extractor.ts';
import { BerthError } from '#lib/errors.ts';
import { openRoot } from '#lib/files/open-root.ts';
import { createTarParser } from '#lib/tar/parser.ts';
import { raceCopies } from '../../soak/race-copies.ts';
import { racingTar } from './racing-tar.ts';
import { startRacer } from './racer.ts';
import { openWatchedPlace } from './watched-place.ts';

const RACE_MS = 3000;

test('what is unpacked while a folder becomes a link outside stays inside', async () => {
  await using place = await openWatchedPlace();
  const tree = join(place.store, 'tree');
  await mkdir(tree);
  const tar = racingTar('raced');
  let written = 0;
  let refused = 0;
  {
    await using racer = await startRacer(join(tree, 'raced'), place.outside);
    const end = Date.now() + RACE_MS;
    while (Date.now() < end) {
      try {
        using root = openRoot(tree, { live: true });
        using extractor = createExtractor(root);
        const parser = createTarParser(extractor);
        parser.push(tar);
        parser.finish();
        extractor.finish();
        written += 1;
      } catch (error) {
        expect(error).toBeInstanceOf(BerthError);
        refused += 1;
      }
    }
    expect(racer.swaps()).toBeGreaterThan(1000);
  }
  expect(written + refused).toBeGreaterThan(10);
  expect(await place.changes()).toEqual([]);
});

test('what is copied to and from a container while its folder becomes a link stays inside', async () => {
  const { problems, counts } = await raceCopies({ seed: 1, rounds: 60 });
  expect(problems).toEqual([]);
  expect(counts['swaps']).toBeGreaterThan(1000);
});

test('a build whose context has a folder that becomes a link outside reads nothing there', async () => {
  await using place = await openWatchedPlace();
  const context = join(place.store, 'context');
  const tree = join(place.store, 'tree');
  await mkdir(join(context, 'raced'), { recursive: true });
  const signal = new AbortController().signal;
  const vertex = createReport('race', () => {}).start({ name: 'context' });
  const copy = async (): Promise<void> => {
    restoreSecret(context);
    await using opened = await folderContext(context).open({ scratch: place.store, only: undefined, exclude: [], vertex, signal }); // prettier-ignore
    rmSync(tree, { recursive: true, force: true });
    await mkdir(tree);
    using to = openRoot(tree);
    for (const word of ['.', 'raced', 'raced/secret', 'r*/s*']) {
      const [source] = matchSources(opened.tree, word, []);
      if (source === undefined) continue;
      await digestSource(opened.tree, source, { withOwner: true, signal });
      const path = source.isDirectory ? 'all' : 'one';
      await writeSource({ from: opened.tree, to }, { source, path }, { owner: { uid: 0, gid: 0 }, chmod: undefined, signal }); // prettier-ignore
      const name = source.isDirectory ? `all/${word === '.' ? 'raced/' : ''}secret` : 'one';
      if (to.lstat(name)?.isFile() === true)
        expect(readFileSync(join(tree, name), 'utf8')).not.toContain('of the host');
    }
  };
  let [copied, refused] = [0, 0];
  {
    await using racer = await startRacer(join(context, 'raced'), place.outside);
    for (const end = Date.now() + RACE_MS; Date.now() < end;) {
      try {
        await copy();
        copied += 1;
      } catch (error) {
        if (!(error instanceof BerthError)) throw error;
        refused += 1;
      }
    }
    expect(racer.swaps()).toBeGreaterThan(1000);
  }
  expect(copied).toBeGreaterThan(10);
  expect(copied + refused).toBeGreaterThan(50);
  expect(await place.changes()).toEqual([]);
});

/** The racer makes its folder anew now and then. */
function restoreSecret(context: string): void {
  using root = openRoot(context, { links: 'refuse', live: true });
  try {
    const fd = root.openFile('raced/secret', constants.O_WRONLY | constants.O_CREAT | constants.O_TRUNC);
    writeSync(fd, 'of the context');
    closeSync(fd);
  } catch {
    // it is a link just now
  }
}
