import { chmod, chown, cp, mkdir, mkdtemp, readFile, rm, stat, symlink, utimes, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { run, type RunResult } from '#lib/run.ts';

// The launcher in a copy of the repository, with the packages of this one: what it does at the first start, and what it leaves out later.

const NOBODY = 65534;
/** Programs that a minimal system has; npm and Node are not among them. */
const MINIMAL = ['sh', 'cat', 'chmod', 'cp', 'dirname', 'find', 'flock', 'head', 'id', 'mkdir', 'mktemp', 'mv', 'readlink', 'rm', 'sed', 'sleep', 'stat', 'tail', 'touch']; // prettier-ignore

let folder = '';
let clone = '';

beforeAll(async () => {
  folder = await mkdtemp('/var/tmp/berth-launcher-');
  await chmod(folder, 0o755);
  clone = join(folder, 'clone');
  await mkdir(clone);
  for (const name of [
    'berth',
    'bin',
    'package.json',
    'package-lock.json',
    'rolldown.config.ts',
    'scripts',
    'src',
    'tsconfig.json',
  ])
    await cp(name, join(clone, name), { recursive: true, preserveTimestamps: true });
  await symlink(resolve('node_modules'), join(clone, 'node_modules'));
});

afterAll(async () => rm(folder, { recursive: true, force: true }));

async function berth(...args: string[]): Promise<RunResult> {
  const env = { PATH: process.env['PATH'] ?? '', HOME: folder, BERTH_HOST: 'unix:///nonexistent/berth.sock' };
  return run([join(clone, 'berth'), ...args], { env, cwd: '/', allowFailure: true });
}

test('two first starts at once build once, and both answer', async () => {
  const results = await Promise.all([berth('--version'), berth('--version')]);
  for (const { code, stdout } of results) {
    expect(code).toBe(0);
    expect(stdout).toMatch(/^berth version \d/);
  }
  expect(results.map(({ stderr }) => stderr).join('')).toBe('berth: building\n');
}, 120_000);

test('a later start says nothing and takes less than 0.15 s where nothing else runs', async () => {
  const times: number[] = [];
  for (let round = 0; round < 10; round++) {
    const start = performance.now();
    const { stderr, code } = await berth('--version');
    times.push(performance.now() - start);
    expect({ stderr, code }).toEqual({ stderr: '', code: 0 });
  }
  expect(Math.min(...times)).toBeLessThan(150);
});

test('a source that is newer is built, once', async () => {
  const path = join(clone, 'src/lib/version.ts');
  await writeFile(path, (await readFile(path, 'utf8')).replace(/'[^']*'/, "'9.9.9'"));
  expect(await berth('--version')).toMatchObject({ stderr: 'berth: building\n', stdout: 'berth version 9.9.9\n' });
  expect(await berth('--version')).toMatchObject({ stderr: '', stdout: 'berth version 9.9.9\n' });
}, 60_000);

test('a build that fails is told, and the next start tries again', async () => {
  const path = join(clone, 'src/lib/version.ts');
  const good = await readFile(path, 'utf8');
  await writeFile(path, 'export const = ;\n');
  const failed = await berth('--version');
  expect(failed.code).toBe(1);
  expect(failed.stderr).toMatch(/berth: the build failed\n {2}why: .*\n {2}fix: .*\n$/);
  await writeFile(path, good);
  expect(await berth('--version')).toMatchObject({ code: 0, stdout: 'berth version 9.9.9\n' });
}, 60_000);

test('it can be called through a symbolic link, from anywhere', async () => {
  const link = join(folder, 'link');
  await symlink('clone/berth', link);
  expect(await run([link, '--version'])).toMatchObject({ stdout: 'berth version 9.9.9\n', stderr: '' });
});

test('arguments and the exit code go through unchanged', async () => {
  const { code, stderr } = await berth('run', '--name', 'two words', '--nope');
  expect(code).toBe(125);
  expect(stderr).toContain('unknown option --nope');
});

test('without npm and without root it says which command brings it', async () => {
  const programs = join(folder, 'bin');
  await mkdir(programs);
  for (const name of MINIMAL)
    await symlink((await run(['sh', '-c', `command -v ${name}`])).stdout.trim(), join(programs, name));
  const bare = join(folder, 'bare');
  await mkdir(bare);
  for (const name of ['berth', 'package.json', 'package-lock.json', 'scripts', 'src'])
    await cp(name, join(bare, name), { recursive: true });
  await chown(bare, NOBODY, NOBODY);
  const asNobody = ['/usr/bin/setpriv', `--reuid=${NOBODY}`, `--regid=${NOBODY}`, '--clear-groups'] as const;
  const { code, stderr } = await run([...asNobody, join(bare, 'berth'), 'ps'], {
    env: { PATH: programs, HOME: bare },
    allowFailure: true,
  });
  expect(code).toBe(1);
  expect(stderr).toMatch(/missing: npm\ninstall them with: sudo /);
});

test('in a folder of somebody else it says so', async () => {
  const time = new Date();
  await utimes(join(clone, 'src/lib/version.ts'), time, time);
  const asNobody = ['/usr/bin/setpriv', `--reuid=${NOBODY}`, `--regid=${NOBODY}`, '--clear-groups'] as const;
  const { code, stderr } = await run([...asNobody, join(clone, 'berth'), '--version'], { allowFailure: true });
  expect(code).toBe(1);
  expect(stderr).toContain('why: the folder belongs to another user');
  expect((await stat(join(clone, 'dist'))).isDirectory()).toBe(true);
});
