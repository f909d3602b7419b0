import { globSync } from 'node:fs';
import { chmod, mkdir, mkdtempDisposable, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { run } from '#lib/run.ts';
import { importBusybox } from '../support/base-image.ts';
import { startEngine, type TestEngine } from '../support/engine.ts';
import { matches, parseTranscript } from './transcript.ts';

// How the command line answers, kept as text. The files in `engine` share one engine with the image busybox, each in a folder of its own;
// those in `alone` have none. What a line may hold besides its text: see transcript.ts.

let engine: TestEngine;

beforeAll(async () => {
  engine = await startEngine();
  await importBusybox(engine);
});

afterAll(async () => engine?.[Symbol.asyncDispose]());

/** Runs each command in a shell, as the person would type it, and compares all it wrote. */
async function play(path: string, host: string): Promise<void> {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'berth-transcript-'));
  const programs = join(folder.path, 'bin');
  const home = join(folder.path, 'home');
  for (const made of [programs, home]) await mkdir(made);
  await writeFile(join(programs, 'berth'), `#!/bin/sh\nexec ${process.execPath} ${resolve('src/cli/main.ts')} "$@"\n`);
  await chmod(join(programs, 'berth'), 0o755);
  const env = {
    PATH: `${programs}:${process.env['PATH'] ?? ''}`,
    HOME: home,
    BERTH_HOST: host,
    LC_ALL: 'C.UTF-8',
    NODE_COMPILE_CACHE: resolve('node_modules/.cache/compile'),
  };
  for (const { command, expected, exitCode, line } of parseTranscript(await readFile(path, 'utf8'))) {
    const { code, stdout } = await run(['sh', '-c', `exec 2>&1\n${command}`], { cwd: home, env, allowFailure: true });
    const place = `${path}:${line}: $ ${command}`;
    if (!matches(stdout, expected)) expect(stdout.trimEnd(), place).toBe(expected.join('\n'));
    expect(code, place).toBe(exitCode);
  }
}

describe('with an engine', () => {
  test.each(
    globSync('test/transcripts/engine/*.txt')
      .toSorted()
      .map((path) => [basename(path, '.txt'), path] as const),
  )('%s', async (_, path) => play(path, `unix://${engine.socket}`));
});

describe('without an engine', () => {
  test.each(
    globSync('test/transcripts/alone/*.txt')
      .toSorted()
      .map((path) => [basename(path, '.txt'), path] as const),
  )('%s', async (_, path) => play(path, 'unix:///nonexistent/berth.sock'));
});
