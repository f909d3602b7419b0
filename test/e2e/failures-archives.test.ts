import { randomBytes } from 'node:crypto';
import { mkdtempDisposable, readdir, readFile, truncate, writeFile } from 'node:fs/promises';
import { request } from 'node:http';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { busyboxTar, importBusybox } from '../support/base-image.ts';
import { startEngine, type TestEngine } from '../support/engine.ts';

let engine: TestEngine;
let folder: AsyncDisposable & { path: string };
/** Archives that are not what they should be, and what is said about them. */
let broken: readonly (readonly [file: string, verb: 'import' | 'load', message: string])[];

beforeAll(async () => {
  folder = await mkdtempDisposable('/tmp/b-broken-');
  engine = await startEngine();
  await importBusybox(engine);
  const at = (name: string): string => join(folder.path, name);
  await writeFile(at('junk'), randomBytes(100_000));
  await writeFile(at('empty'), '');
  const tar = await readFile(await busyboxTar());
  await writeFile(at('cut.tar'), tar.subarray(0, 1_000_000));
  await writeFile(at('cut.tar.gz'), gzipSync(tar).subarray(0, 500_000));
  await engine.docker('save', '-o', at('cut-save.tar'), 'busybox');
  await truncate(at('cut-save.tar'), 700_000);
  await engine.docker('rmi', 'busybox');
  broken = [
    ['junk', 'import', 'broken tar: a header has a wrong checksum'],
    ['empty', 'import', 'broken tar: it is empty'],
    ['cut.tar', 'import', 'broken tar: it ends in the middle of an entry'],
    ['cut.tar.gz', 'import', 'content is not valid gzip: unexpected end of file'],
    ['junk', 'load', 'broken tar: a header has a wrong checksum'],
    ['empty', 'load', 'broken tar: it is empty'],
    ['cut-save.tar', 'load', 'broken tar: it ends in the middle of an entry'],
  ];
});

afterAll(async () => {
  await engine?.[Symbol.asyncDispose]();
  await folder?.[Symbol.asyncDispose]();
});

/** What an archive that failed may not leave: an image, content, a tree. */
async function remains(): Promise<string[]> {
  const { stdout } = await engine.docker('images', '-aq');
  const list = async (...path: string[]): Promise<string[]> => readdir(join(engine.dataRoot, ...path));
  const found = [
    list('layers', '.new'),
    list('content', 'ingest'),
    list('content', 'blobs', 'sha256'),
    list('snapshots', '.new'),
  ];
  return [...stdout.trim().split('\n').filter(Boolean), ...(await Promise.all(found)).flat()];
}

test('a broken archive is refused in both clients with what is wrong, and leaves nothing', async () => {
  for (const [file, verb, message] of broken) {
    const path = join(folder.path, file);
    const words = verb === 'load' ? ['load', '-i', path] : ['import', path, 'broken'];
    const docker = await engine.docker(...words);
    expect(docker, words.join(' ')).toMatchObject({ code: 1, stderr: expect.stringContaining(message) });
    const berth = await engine.berth(...words);
    expect(berth, words.join(' ')).toMatchObject({ code: 1, stderr: expect.stringContaining(`berth: ${message}`) });
    await expect.poll(remains, { message: words.join(' ') }).toEqual([]);
  }
});

test('a client that leaves in the middle of an upload leaves nothing', async () => {
  const tar = await readFile(await busyboxTar());
  for (const path of ['/images/load', '/images/create?fromSrc=-&repo=left', '/build']) {
    const headers = { 'Transfer-Encoding': 'chunked', 'Content-Type': 'application/x-tar' };
    const upload = request({ socketPath: engine.socket, method: 'POST', path, headers });
    upload.on('error', () => {});
    upload.write(tar.subarray(0, 1_000_000));
    await sleep(100);
    upload.destroy();
    await expect.poll(remains, { message: path }).toEqual([]);
    const contexts = async (): Promise<string[]> =>
      (await readdir(join(engine.dataRoot, 'builder'))).filter((name) => name.startsWith('build-'));
    await expect.poll(contexts, { message: path }).toEqual([]);
  }
});

test('after all of that the engine works, and has logged no defect', async () => {
  await importBusybox(engine);
  expect((await engine.docker('run', '--rm', 'busybox', 'echo', 'whole')).stdout).toBe('whole\n');
  expect(engine.log()).not.toMatch(/level=error/);
});
