import { mkdir, mkdtemp, rename, rm, unlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type Changes, watchFolder } from './watch-folder.ts';

let folder = '';
let controller: AbortController;
let changes: AsyncGenerator<Changes>;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'b-watch-'));
  await mkdir(join(folder, 'package'));
  await writeFile(join(folder, 'app.py'), 'one');
  await writeFile(join(folder, 'package/model.py'), 'one');
  controller = new AbortController();
  changes = watchFolder(folder, { excludes: (path) => path.startsWith('data'), signal: controller.signal });
});

afterEach(async () => {
  controller.abort();
  await changes.next();
  await rm(folder, { recursive: true, force: true });
});

/** Asks for the next change before it is made, as those who watch do. */
async function after(work: () => Promise<void>): Promise<Changes | undefined> {
  const next = changes.next();
  await new Promise((resolve) => setTimeout(resolve, 30));
  await work();
  return (await next).value as Changes | undefined;
}

const write =
  (path: string, text: string): (() => Promise<void>) =>
  async () =>
    writeFile(join(folder, path), text);

test('files that change, in folders that are new too, in one piece', async () => {
  expect(await after(write('app.py', 'second'))).toMatchObject({ changed: ['app.py'], gone: [] });
  const made = await after(async () => {
    await mkdir(join(folder, 'new/deep'), { recursive: true });
    await writeFile(join(folder, 'new/deep/a.py'), 'x');
    await writeFile(join(folder, 'package/model.py'), 'second');
  });
  expect(made).toMatchObject({ changed: ['new/deep/a.py', 'package/model.py'], gone: [] });
  expect(await after(write('new/deep/a.py', 'longer'))).toMatchObject({ changed: ['new/deep/a.py'], gone: [] });
});

test('an editor that writes beside and renames; a file that goes', async () => {
  const saved = await after(async () => {
    await writeFile(join(folder, '.app.py.swp'), 'second');
    await rename(join(folder, '.app.py.swp'), join(folder, 'app.py'));
  });
  expect(saved).toMatchObject({ changed: ['app.py'], gone: [] });
  expect(await after(async () => unlink(join(folder, 'package/model.py')))).toMatchObject({
    changed: [],
    gone: ['package/model.py'],
  });
});

test('what is excluded, bytecode, and files that stay as they are do not count', async () => {
  const told = await after(async () => {
    await mkdir(join(folder, 'data'));
    await writeFile(join(folder, 'data/x.csv'), 'x');
    await mkdir(join(folder, '__pycache__'));
    await writeFile(join(folder, '__pycache__/app.pyc'), 'x');
    await writeFile(join(folder, 'app.py'), 'second');
  });
  expect(told).toMatchObject({ changed: ['app.py'], gone: [] });
});
