import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { access, mkdtempDisposable } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { run } from '#lib/run.ts';
import { importBusybox } from '../../test/support/base-image.ts';
import { startEngine } from '../../test/support/engine.ts';
import { findLeftovers } from '../../test/support/leftovers.ts';

async function purge(root: string): Promise<{ code: number; stderr: string }> {
  const roots = ['--data-root', join(root, 'data'), '--exec-root', join(root, 'exec')];
  const child = spawn(process.execPath, ['src/daemon/main.ts', 'engine', 'purge', ...roots], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let stderr = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  const [code] = (await once(child, 'close')) as [number];
  return { code, stderr };
}

test('purge takes away containers that run, mounts, interfaces, rules and folders, but not under a running engine', async () => {
  await using folder = await mkdtempDisposable('/tmp/b-');
  const root = folder.path;
  await using engine = await startEngine({ root });
  await importBusybox(engine);
  const ran = await engine.docker('run', '-d', '-p', '127.0.0.1:0:80', '-v', 'kept:/v', 'busybox', 'httpd', '-f');
  expect(ran.code, ran.stderr).toBe(0);
  expect(await purge(root)).toMatchObject({ code: 1, stderr: expect.stringContaining('an engine is already running') });

  const { id } = engine;
  await engine.kill('SIGKILL');
  expect(await findLeftovers({ root, id })).not.toEqual([]);
  expect(await purge(root)).toEqual({ code: 0, stderr: '' });
  expect(await findLeftovers({ root, id })).toEqual([]);
  await expect(access(join(root, 'data'))).rejects.toThrow('ENOENT');
  await expect(access(join(root, 'exec'))).rejects.toThrow('ENOENT');
  expect((await run(['ip', 'link', 'show'])).stdout).not.toContain(id);
  expect((await run(['nft', 'list', 'ruleset'])).stdout).not.toContain(id);
});
