import { access, mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { run } from '#lib/run.ts';
import { busyboxTar } from '../../support/base-image.ts';
import { startEngine } from '../../support/engine.ts';

const CACHE = '/var/tmp/berth-test-images';
const DOCKER_PY = 'docker==7.1.0';

/** A Python that has docker-py, made once per machine; undefined where pip cannot get it. */
async function pythonWithDocker(): Promise<string | undefined> {
  const folder = join(CACHE, DOCKER_PY);
  const python = join(folder, 'bin', 'python');
  const ready = join(folder, 'ready');
  const isReady = await access(ready).then(
    () => true,
    () => false,
  );
  if (isReady) return python;
  await mkdir(CACHE, { recursive: true });
  await rm(folder, { recursive: true, force: true });
  const steps = [
    ['python3', '-m', 'venv', folder],
    [python, '-m', 'pip', 'install', '--quiet', DOCKER_PY],
    ['touch', ready],
  ] as const;
  for (const step of steps)
    if ((await run([...step], { allowFailure: true }).catch(() => ({ code: 1 }))).code !== 0) return undefined;
  return python;
}

test('docker-py builds, runs, follows, copies, watches and cleans up', async ({ skip }) => {
  const python = await pythonWithDocker();
  if (python === undefined) skip('docker-py cannot be installed: no python3 with venv, or no package index');
  await using engine = await startEngine();
  const journey = join(import.meta.dirname, 'journey.py');
  const { stdout, stderr } = await engine.command([python ?? '', journey, await busyboxTar()]);
  expect(stderr).toBe('');
  expect(stdout).toBe('whole\n');
});
