import { mkdtempDisposable, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { startEngine } from '../../../test/support/engine.ts';
import { fsck } from '../../../test/support/fsck.ts';
import { makeImageArchive } from '../../../test/support/image-archive.ts';
import { loadArchive } from '../../../test/support/load-archive.ts';

test('what comes and goes while a check goes on is no finding', async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'fsck-'));
  await using engine = await startEngine();
  const archives = [
    await makeImageArchive(folder.path, { name: 'one:1', seed: 1, layers: [1_000_000, 20_000_000] }),
    await makeImageArchive(folder.path, { name: 'one:2', seed: 1, layers: [1_000_000, 20_000_000], revision: 2 }),
  ];
  const over = new AbortController();
  const work = async (): Promise<void> => {
    for (let round = 0; round < 3; round++) {
      for (const archive of archives) await loadArchive(engine, archive);
      await engine.docker('run', '--rm', '--network', 'none', 'one:1', 'sh', '-c', 'echo x > /x');
      await engine.command(['docker', 'build', '-q', '--network', 'none', '-'], {
        input: `FROM one:2\nRUN echo ${round} > /r\n`,
      });
      await engine.docker('rmi', '-f', 'one:1');
      await engine.docker('system', 'prune', '-af');
    }
  };
  const working = work().finally(() => over.abort());
  const findings: unknown[] = [];
  for (let round = 0; !over.signal.aborted; round++) {
    const outcome = await (round % 2 === 0 ? fsck(engine, '--fast') : fsck(engine));
    findings.push(...outcome.findings);
  }
  await working;
  expect(findings).toEqual([]);
});

test('a document that is gone is told with the image it hurts, and repaired by taking that off the list', async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'fsck-'));
  await using engine = await startEngine();
  const layers = [1_000_000, 6_000_000];
  const first = await makeImageArchive(folder.path, { name: 'one:1', seed: 1, layers });
  const second = await makeImageArchive(folder.path, { name: 'one:2', seed: 1, layers, revision: 2 });
  for (const archive of [first, second]) await loadArchive(engine, archive, { sync: true });
  const names = (await engine.docker('images', '-q', '--no-trunc')).stdout.split('\n').filter(Boolean);
  await rm(join(engine.dataRoot, 'content/blobs/sha256', names[0]?.slice(7) ?? ''));
  await writeFile(join(engine.dataRoot, 'layers/stray'), 'no layer');
  const { code, findings } = await fsck(engine);
  expect(code).toBe(1);
  expect(findings.map(({ kind }) => kind).toSorted()).toEqual(['image-document', 'leftover']);
  expect(findings.find(({ kind }) => kind === 'image-document')).toMatchObject({
    what: expect.stringContaining('is not whole'),
    fix: expect.stringContaining('load, pull or build the image again'),
    images: [expect.stringMatching(/^one:[12]$/)],
    outcome: 'left',
  });
  const repaired = await fsck(engine, '--repair');
  expect(repaired.findings.map(({ outcome }) => outcome)).toEqual(['repaired', 'repaired']);
  expect(await fsck(engine)).toEqual({ code: 0, findings: [] });
});
