import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { run } from '#lib/run.ts';
import { importBusybox } from '../../../test/support/base-image.ts';
import { startEngine } from '../../../test/support/engine.ts';

const CLI = [process.execPath, 'src/cli/main.ts'] as const;

async function uninstall(root: string, ...more: string[]) {
  const folders = ['--data-root', join(root, 'data'), '--exec-root', join(root, 'exec')];
  return run([...CLI, 'uninstall', ...folders, ...more], { allowFailure: true });
}

test('a running engine with a running container is taken away, and everything of it with it', async () => {
  const root = await mkdtemp('/tmp/b-');
  try {
    await using engine = await startEngine({ root });
    await importBusybox(engine);
    await engine.berth('network', 'create', 'own');
    const { code } = await engine.berth(
      'run',
      '-d',
      '--name',
      'web',
      '--network',
      'own',
      '-p',
      '127.0.0.1::80',
      'busybox',
      'sleep',
      '1000',
    );
    expect(code).toBe(0);

    const { code: uninstalled, stdout } = await uninstall(root, '-y');
    expect(uninstalled).toBe(0);
    expect(stdout).toContain('removed the engine');
    expect(existsSync(join(root, 'data'))).toBe(false);
    expect(existsSync(join(root, 'exec'))).toBe(false);
    expect(await readFile('/proc/self/mountinfo', 'utf8')).not.toContain(`${root}/`);
    const { stdout: links } = await run(['ip', '-json', 'link', 'show']);
    expect(links).not.toContain(`berth:${engine.id}:`);
    expect((await run(['nft', 'list', 'tables'])).stdout).not.toContain(engine.id);
    expect((await run(['find', '/sys/fs/cgroup', '-maxdepth', '2', '-name', `*${engine.id}*`])).stdout).toBe('');
  } finally {
    await rm(root, { recursive: true, force: true });
  }
});

test('nothing is removed unless somebody says yes', async () => {
  const root = await mkdtemp('/tmp/b-');
  await mkdir(join(root, 'data'));
  await writeFile(join(root, 'data/file'), 'kept');
  const { code, stderr } = await uninstall(root);
  expect(code).not.toBe(0);
  expect(stderr).toContain('nobody is there to answer');
  expect(await readFile(join(root, 'data/file'), 'utf8')).toBe('kept');
  await rm(root, { recursive: true });
});

test.each(['/', '/var', '/usr/', 'relative'])('%s is never taken for the folder of an engine', async (folder) => {
  const { code, stderr } = await run([...CLI, 'uninstall', '-y', '--data-root', folder], { allowFailure: true });
  expect(code).toBe(1);
  expect(stderr).toContain('cannot be the folder of an engine');
});

test('without an engine there is nothing to take away', async () => {
  const root = await mkdtemp('/tmp/b-');
  expect(await uninstall(root, '-y')).toMatchObject({ code: 0, stdout: '' });
  await rm(root, { recursive: true });
});
