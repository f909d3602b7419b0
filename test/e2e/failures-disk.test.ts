import { mkdir, readdir, statfs, writeFile } from 'node:fs/promises';
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { run } from '#lib/run.ts';
import { importBusybox } from '../support/base-image.ts';
import { startEngine, type TestEngine } from '../support/engine.ts';
import { openSmallDisk, type SmallDisk } from '../support/small-disk.ts';

const MIB = 1024 * 1024;
const FULL = 'no space left on the disk';
const ADVICE = 'free some space on the disk of the data root, for example with `docker image prune`';
const FILL = 'head -c 100000000 /dev/urandom >/fill';

let disk: SmallDisk;
let engine: TestEngine;
/** Archives and a build context that are larger than the disk; outside of it. */
let large: SmallDisk;

beforeAll(async () => {
  disk = await openSmallDisk(48);
  large = await openSmallDisk(300);
  engine = await startEngine({ root: disk.path });
  await importBusybox(engine);
  await mkdir(join(large.path, 'context'));
  await writeFile(join(large.path, 'context', 'data'), randomBytes(64 * MIB));
  await writeFile(join(large.path, 'context', 'Dockerfile'), 'FROM busybox\nCOPY data /data\n');
  await run(['tar', '-C', join(large.path, 'context'), '-cf', join(large.path, 'large.tar'), 'data']);
});

afterAll(async () => {
  await engine?.[Symbol.asyncDispose]();
  await disk?.[Symbol.asyncDispose]();
  await large?.[Symbol.asyncDispose]();
});

async function freeBytes(): Promise<number> {
  const { bavail, bsize } = await statfs(disk.path);
  return bavail * bsize;
}

/** Space comes back in the background; the engine works on, and nothing half is kept. */
async function expectSound(freeBefore: number): Promise<void> {
  await expect.poll(freeBytes, { timeout: 10_000 }).toBeGreaterThan(freeBefore - MIB);
  expect(await readdir(join(engine.dataRoot, 'content', 'ingest'))).toEqual([]);
  expect((await engine.docker('images', '-a', '--format', '{{.Repository}}')).stdout).toBe('busybox\n');
  expect((await engine.docker('run', '--rm', 'busybox', 'echo', 'works')).stdout).toBe('works\n');
}

test('an import that does not fit says so in both clients and leaves nothing', async () => {
  const free = await freeBytes();
  const archive = join(large.path, 'large.tar');
  const docker = await engine.docker('import', archive, 'large');
  expect(docker).toMatchObject({ code: 1, stderr: `Error response from daemon: ${FULL}\n` });
  const berth = await engine.berth('import', archive, 'large');
  expect(berth.code).toBe(1);
  expect(berth.stderr.split('\n')).toEqual([
    `berth: ${FULL}`,
    expect.stringMatching(/could not be written \(ENOSPC\)|MiB are free, and .* are kept/),
    `  fix: ${ADVICE}`,
    '',
  ]);
  await expectSound(free);
});

test('a load that does not fit says so and leaves nothing', async () => {
  const free = await freeBytes();
  await using other = await startEngine();
  await other.docker('import', join(large.path, 'large.tar'), 'large');
  const archive = join(large.path, 'saved.tar');
  await other.docker('save', '-o', archive, 'large');
  expect(await engine.docker('load', '-i', archive)).toMatchObject({ code: 1, stderr: `${FULL}\n` });
  expect((await engine.berth('load', '-i', archive)).stderr).toContain(`berth: ${FULL}\n  why: `);
  await expectSound(free);
});

test('a build context that does not fit says so and leaves nothing', async () => {
  const free = await freeBytes();
  const context = join(large.path, 'context');
  const docker = await engine.docker('build', context);
  expect(docker.code).toBe(1);
  expect(docker.stderr).toMatch(new RegExp(`Error response from daemon: ${FULL}\n$`));
  expect((await engine.berth('build', context)).stderr).toContain(`berth: ${FULL}\n  why: `);
  await expectSound(free);
});

test('a step that fills the disk tells it beside its own words and leaves nothing', async () => {
  const free = await freeBytes();
  const text = `FROM busybox\nRUN ${FILL}\n`;
  const docker = await engine.command(['docker', 'build', '-'], { input: text });
  expect(docker.code).toBe(1);
  expect(docker.stdout).toContain('no space is left on the disk of the data root');
  expect(docker.stderr).toContain(`The command '/bin/sh -c ${FILL}' returned a non-zero code: 1`);
  const berth = await engine.command([process.execPath, 'src/cli/main.ts', 'build', '-'], { input: text });
  expect(berth.stderr).toContain('  why: no space is left on the disk of the data root\n');
  await expectSound(free);
});

test('a container that filled the disk can be seen and removed, and all works again', async () => {
  const free = await freeBytes();
  expect((await engine.docker('run', '--name', 'filler', 'busybox', 'sh', '-c', FILL)).code).toBe(1);
  expect(await freeBytes()).toBeLessThan(MIB / 4);
  const next = await engine.docker('run', '--rm', 'busybox', 'true');
  expect(next).toMatchObject({ code: 125, stderr: expect.stringContaining(`Error response from daemon: ${FULL}\n`) });
  const ours = await engine.berth('run', '--rm', 'busybox', 'true');
  expect(ours.stderr).toMatch(new RegExp(`^berth: ${FULL}\n  why: .*\n  fix: .*\n$`));
  const list = await engine.docker('ps', '-a', '--format', '{{.Names}} {{.Status}}');
  expect(list.stdout).toMatch(/^filler Exited \(1\) .* ago\n$/);
  expect(await engine.docker('rm', 'filler')).toMatchObject({ code: 0, stdout: 'filler\n' });
  await expectSound(free);
});

test('an engine that is killed on a full disk starts there again', async () => {
  const free = await freeBytes();
  await engine.docker('run', '--name', 'filler', 'busybox', 'sh', '-c', FILL);
  await engine.kill('SIGKILL');
  await engine.start();
  expect((await engine.docker('ps', '-a', '--format', '{{.Names}}')).stdout).toBe('filler\n');
  await engine.restart();
  expect(await engine.docker('rm', 'filler')).toMatchObject({ code: 0 });
  await expectSound(free);
});
