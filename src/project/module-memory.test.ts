import { mkdtempDisposable, readdir, readFile, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { expect, test, vi } from 'vitest';
import { readModule } from '#ml/python/read-module.ts';
import { importsOnly } from '#ml/python/found.ts';
import { scanImports } from '#ml/python/scan-imports.ts';
import { listFolder } from './list-folder.ts';
import type { ModuleMemory } from '#ml/files.ts';
import { openModuleMemory } from './module-memory.ts';

const SOURCE =
  'import os, numpy as np\nfrom flask import Flask\napp = Flask(__name__)\nPORT = 1\nif __name__ == "__main__":\n  app.run(port=PORT)\n';

test('what was read comes back as it was, until the file, the program or the cache changes', async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'memory-'));
  await using cache = await mkdtempDisposable(join(tmpdir(), 'memory-cache-'));
  vi.stubEnv('XDG_CACHE_HOME', cache.path);
  await writeFile(join(folder.path, 'a.py'), SOURCE);
  await writeFile(join(folder.path, 'b.py'), SOURCE);
  await setTimeout(120);
  const open = (program = 'one'): ModuleMemory => {
    const files = new Map(listFolder(folder.path).files.map((file) => [file.path, file]));
    const memory = openModuleMemory(folder.path, files, program);
    if (memory === undefined) throw new Error('nothing is kept');
    return memory;
  };
  const [whole, lines] = [
    readModule('a.py', SOURCE),
    importsOnly('b.py', scanImports(SOURCE), { isScript: true, startsSomething: true }),
  ];
  const first = open();
  expect(first.recall('a.py')).toBeUndefined();
  first.keep('a.py', whole);
  first.keep('b.py', lines);
  first.save();
  const again = open();
  const kept = again.recall('b.py');
  expect(again.recall('a.py')).toEqual(whole);
  expect([kept?.imports, kept?.imports, kept?.isScript, kept?.read, kept?.apps]).toEqual([
    lines.imports,
    lines.imports,
    true,
    'imports',
    [],
  ]);
  expect(open('two').recall('a.py')).toBeUndefined();
  await utimes(join(folder.path, 'a.py'), 1, 1);
  expect([open().recall('a.py'), open().recall('b.py')?.path]).toEqual([undefined, 'b.py']);
  const [name = ''] = await readdir(join(cache.path, 'berth/modules'));
  const path = join(cache.path, 'berth/modules', name);
  await writeFile(path, (await readFile(path, 'utf8')).replace('numpy', 'mumpy'));
  expect(open().recall('b.py')).toBeUndefined();
  vi.unstubAllEnvs();
});

test('from sources nothing is kept, for they change all the time', () => {
  expect(openModuleMemory('/x', new Map())).toBeUndefined();
});
