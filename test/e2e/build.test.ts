import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { importBusybox } from '../support/base-image.ts';
import { type CommandResult, startEngine, type TestEngine } from '../support/engine.ts';

/** `berth build` as a person uses it. */

let engine: TestEngine;
let folder: string;

beforeAll(async () => {
  engine = await startEngine();
  await importBusybox(engine);
  folder = await mkdtemp('/tmp/b-ours-');
});

afterAll(async () => {
  await engine[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true });
});

let contexts = 0;

async function contextOf(files: Readonly<Record<string, string>>): Promise<string> {
  const context = join(folder, `context-${contexts++}`);
  await mkdir(context);
  for (const [name, text] of Object.entries(files)) await writeFile(join(context, name), text);
  return context;
}

async function build(context: string, ...args: string[]): Promise<CommandResult> {
  return engine.berth('build', ...args, context);
}

describe('what a build is given', () => {
  test('secrets and agents reach the steps that mount them, and nothing else', async () => {
    const socket = join(folder, 'agent');
    const agent = createServer((connection) => connection.end('signed\n')).listen(socket);
    const context = await contextOf({
      Dockerfile:
        'FROM busybox\nRUN --mount=type=secret,id=token wc -c < /run/secrets/token\nRUN --mount=type=ssh test -S "$SSH_AUTH_SOCK" && echo reached\n',
      'token.txt': 'very-secret-text',
    });
    const result = await build(
      context,
      '--secret',
      `id=token,src=${join(context, 'token.txt')}`,
      '--ssh',
      `default=${socket}`,
    );
    agent.close();
    expect(result).toMatchObject({ code: 0 });
    expect(result.stderr).toMatch(/#\d+ \d+\.\d 16\n/);
    expect(result.stderr).toContain('reached');
  });

  test('a folder beside the context has a name of its own', async () => {
    const other = await contextOf({ f: 'of the other\n' });
    const context = await contextOf({ Dockerfile: 'FROM busybox\nCOPY --from=other f /f\nRUN cat /f\n' });
    const result = await build(context, '--build-context', `other=${other}`);
    expect(result.stderr).toContain('of the other');
    expect(result.code).toBe(0);
  });

  test('a Dockerfile from standard input has no context', async () => {
    const result = await engine.command(['./berth', 'build', '-q', '-'], { input: 'FROM busybox\nRUN true\n' });
    expect(result).toMatchObject({ code: 0 });
    expect(result.stdout).toMatch(/^sha256:[0-9a-f]{64}\n$/);
  });

  test('a Dockerfile from standard input has the folder, where one is named', async () => {
    const context = await contextOf({ f: 'content\n' });
    const words = ['./berth', 'build', '-q', '-f', '-', '-o', '-', context];
    const result = await engine.command(words, { input: 'FROM scratch\nCOPY f /f\n' });
    expect(result).toMatchObject({ code: 0, stderr: '' });
    expect(result.stdout).toContain('content\n');
  });
});

describe('what becomes of it', () => {
  test('files, an archive, and nothing', async () => {
    const context = await contextOf({ Dockerfile: 'FROM scratch\nCOPY f /d/f\n', f: 'content\n' });
    const out = join(folder, 'out');
    expect(await build(context, '-o', out)).toMatchObject({ code: 0 });
    expect(await readFile(join(out, 'd/f'), 'utf8')).toBe('content\n');
    const archive = join(folder, 'out.tar');
    expect(await build(context, '-o', `type=oci,dest=${archive}`, '-t', 'loaded:oci')).toMatchObject({ code: 0 });
    expect((await engine.docker('load', '-i', archive)).stdout).toContain('loaded:oci');
    expect(await build(context, '-o', 'type=cacheonly')).toMatchObject({ code: 0 });
    const { stdout } = await engine.command(['./berth', 'build', '-o', '-', context]);
    expect(stdout).toContain('content\n');
  });

  test('an image with its id in a file, and what was delivered as JSON', async () => {
    const context = await contextOf({ Dockerfile: 'FROM busybox\nCMD ["true"]\n' });
    const [id, metadata] = [join(folder, 'id'), join(folder, 'metadata')];
    expect(await build(context, '-t', 'ours', '--iidfile', id, '--metadata-file', metadata)).toMatchObject({ code: 0 });
    const { stdout } = await engine.docker('inspect', '--format', '{{.Id}}', 'ours');
    expect(await readFile(id, 'utf8')).toBe(stdout.trim());
    expect(JSON.parse(await readFile(metadata, 'utf8'))).toMatchObject({
      'containerimage.config.digest': stdout.trim(),
    });
  });
});

describe('what it tells', () => {
  test('why a step was done again, where the time went, and what the Dockerfile says', async () => {
    const context = await contextOf({ Dockerfile: 'FROM busybox\nARG V=1\nCOPY f /f\nRUN echo $V\n', f: 'one' });
    await build(context);
    await writeFile(join(context, 'f'), 'two');
    const trace = join(folder, 'trace.json');
    const result = await build(context, '--explain', `--profile=${trace}`);
    expect(result).toMatchObject({ code: 0 });
    expect(result.stderr).toMatch(/\bf\b.*changed|changed.*\bf\b/);
    expect(result.stdout).toContain('COPY f /f');
    expect(JSON.parse(await readFile(trace, 'utf8'))).toHaveProperty('traceEvents');
    const printed = await build(context, '--print=instructions');
    expect(printed.stdout).toContain('3 copy');
  });

  test('what is wrong with it, without building', async () => {
    const context = await contextOf({ Dockerfile: 'FROM busybox as Stage\nRUN echo $UNDEFINED\nMAINTAINER me\n' });
    const text = await build(context, '--check');
    expect(text).toMatchObject({ code: 0 });
    expect(text.stderr).toContain('MaintainerDeprecated');
    const json = await build(context, '--check', '--format', 'json');
    const { findings } = JSON.parse(json.stdout) as { findings: { code: string }[] };
    expect(findings.map(({ code }) => code)).toContain('StageNameCasing');
    const failing = await build(context, '--check=error');
    expect(failing.code).not.toBe(0);
    expect((await build(context, '--check', '--format', 'sarif')).stdout).toContain('"version": "2.1.0"');
  });

  test('a step that fails: its last lines, and an exit code', async () => {
    const context = await contextOf({ Dockerfile: 'FROM busybox\nRUN echo before && cat /nonexistent\n' });
    const result = await build(context);
    expect(result.code).toBe(1);
    expect(result.stderr).toContain("can't open '/nonexistent'");
    expect(result.stderr).toContain('Dockerfile:2\n  1 | FROM busybox\n> 2 | RUN echo before');
    expect(result.stderr).toContain('berth: the command at Dockerfile:2 ended with exit code 1\n');
    expect(result.stderr.split('\n').filter((line) => line.startsWith('berth:'))).toHaveLength(1);
  });
});

test('version 2 of the protocol tells BuildKit traces and the image', async () => {
  const context = await contextOf({ Dockerfile: 'FROM busybox\nRUN echo traced\n' });
  const packed = await engine.command(['sh', '-c', 'tar -C "$1" -cf - . | curl -s --unix-socket "$2" -H "Content-Type: application/x-tar" --data-binary @- "http://e/v1.41/build?version=2&t=traced"', 'sh', context, engine.socket]); // prettier-ignore
  const lines = packed.stdout.trim().split('\n').map((line) => JSON.parse(line) as { id?: string; aux?: unknown }); // prettier-ignore
  const traces = lines.filter(({ id }) => id === 'moby.buildkit.trace').map(({ aux }) => Buffer.from(String(aux), 'base64').toString('latin1')); // prettier-ignore
  expect(traces.join('')).toContain('[2/2] RUN echo traced');
  const { stdout } = await engine.docker('inspect', '--format', '{{.Id}}', 'traced');
  expect(lines.at(-1)).toEqual({ id: 'moby.image.id', aux: { ID: stdout.trim() } });
});

/** Clients of docker 20.10 build over `POST /build` with a session, without buildx. */
const OLD_CLIENT = '/usr/bin/docker';
const hasOldClient = (await promisify(execFile)(OLD_CLIENT, ['--version']).catch(() => ({ stdout: '' }))).stdout.includes(' 20.10.'); // prettier-ignore

test.skipIf(!hasOldClient)('docker 20.10 builds over a session: files, a secret, an image, files out', async () => {
  const step = 'RUN --mount=type=secret,id=s test "$(cat /run/secrets/s)" = hidden-value';
  const context = await contextOf({ Dockerfile: `FROM busybox\n${step}\nFROM scratch\nCOPY f /f\n`, f: 'content' });
  await writeFile(join(folder, 's'), 'hidden-value');
  const flags = ['--secret', `id=s,src=${join(folder, 's')}`, context];
  const env = { DOCKER_BUILDKIT: '1' };
  const built = await engine.command([OLD_CLIENT, 'build', '-q', '--target=0', '-t', 'old', ...flags], { env });
  expect(built).toMatchObject({ code: 0 });
  expect((await engine.docker('inspect', '--format', '{{.Id}}', 'old')).stdout).toBe(built.stdout);
  const out = join(folder, 'old-out');
  expect(await engine.command([OLD_CLIENT, 'build', '-o', out, ...flags], { env })).toMatchObject({ code: 0 });
  expect(await readFile(join(out, 'f'), 'utf8')).toBe('content');
});
