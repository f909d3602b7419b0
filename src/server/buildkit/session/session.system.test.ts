import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { linkSync } from 'node:fs';
import { readdir, readFile, rm, symlink, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { run } from '#lib/run.ts';
import type { BuildRig } from '../../../../test/support/build-rig.ts';
import { type Buildx, type BuildxRig, findBuildx, openBuildxRig } from '../../../../test/support/buildx.ts';
import type { CommandResult } from '../../../../test/support/engine.ts';

const path = await findBuildx();

describe.skipIf(path === undefined)('sessions of the docker client (needs its plugin buildx, or BERTH_BUILDX)', () => {
  let own: BuildxRig;
  let rig: BuildRig;
  let buildx: Buildx;
  let build: BuildxRig['build'];

  beforeAll(async () => {
    own = await openBuildxRig(path ?? '');
    ({ rig, buildx, build } = own);
  });
  afterAll(async () => own[Symbol.asyncDispose]());

  const show = async (image: string, ...command: string[]): Promise<string> =>
    (await rig.engine.docker('run', '--rm', image, ...command)).stdout;

  test('only what changed is sent again, and what is built is what is there', async () => {
    const large = 'x'.repeat(3 * 1024 * 1024);
    const folder = await rig.contextOf({
      Dockerfile: 'FROM busybox\nCOPY . /app\n',
      '.dockerignore': 'ignored\n**/*.pyc\n',
      ignored: large,
      'src/large': large,
      'src/small': 'one',
      'src/m\u00fcll \u{1f600}': 'named',
      'src/gone': 'gone',
      'src/x.pyc': large,
    });
    await symlink('small', join(folder, 'src/link'));
    linkSync(join(folder, 'src/small'), join(folder, 'src/twin'));
    const first = await build(folder, '-t', 'kept');
    expect(first).toMatchObject({ code: 0 });
    expect(sentBytes(first)).toBeGreaterThan(large.length);
    expect(sentBytes(first)).toBeLessThan(2 * large.length);
    expect(await show('kept', 'sh', '-c', 'cd /app/src && echo *')).toBe(
      'gone large link m\u00fcll \u{1f600} small twin\n',
    );
    expect(await show('kept', 'stat', '-c', '%h %a', '/app/src/small')).toBe('2 644\n');
    const same = await build(folder, '-t', 'kept');
    expect(same.stderr).toMatch(/COPY \. \/app\n#\d+ CACHED/);
    expect(sentBytes(same)).toBeLessThan(2000);
    await rm(join(folder, 'src/gone'));
    await writeFile(join(folder, 'src/small'), 'two');
    const changed = await build(folder, '-t', 'kept');
    expect(sentBytes(changed)).toBeLessThan(2000);
    expect(await show('kept', 'cat', '/app/src/twin', '/app/src/link')).toBe('twotwo');
    expect(await show('kept', 'ls', '-A', '/app/src')).not.toContain('gone');
    await utimes(join(folder, 'src/large'), 1, 1);
    const touched = await build(folder, '-t', 'kept');
    expect(touched.stderr).toMatch(/COPY \. \/app\n#\d+ CACHED/);
    await rig.engine.restart();
    expect(sentBytes(await build(folder, '-t', 'kept'))).toBeLessThan(2000);
  });

  test('two builds of one folder at a time do not disturb each other', async () => {
    const files = Object.fromEntries(
      Array.from({ length: 300 }, (_, index) => [`d${index % 7}/f${index}`, `${index}`]),
    );
    const folder = await rig.contextOf({
      ...files,
      Dockerfile: 'FROM busybox\nCOPY . /app\nRUN sleep 0.2\nCOPY d1 /again\n',
    });
    await build(folder, '-t', 'both');
    const before = build(folder, '-t', 'before', '--no-cache');
    const others = Array.from({ length: 3 }, async (_, index) => {
      await writeFile(join(folder, 'd1/f1'), `changed ${index}`);
      return build(folder, '-t', `other${index}`, '--no-cache');
    });
    for (const result of await Promise.all([before, ...others])) expect(result).toMatchObject({ code: 0 });
    expect(await show('other2', 'cat', '/app/d1/f1', '/again/f1')).toMatch(/^changed (\d)changed \1$/);
    expect(await show('other2', 'sh', '-c', 'find /app -type f | wc -l')).toBe('301\n');
  });

  test('an agent that is forwarded answers in its step, and in no other', async () => {
    const folder = await rig.contextOf({
      Dockerfile:
        'FROM busybox\nRUN --mount=type=ssh,required=true test -S "$SSH_AUTH_SOCK"\nRUN test -z "$SSH_AUTH_SOCK"\n',
    });
    const socket = join(folder, '.agent');
    const agent = spawn('ssh-agent', ['-D', '-a', socket], { stdio: ['ignore', 'pipe', 'ignore'] });
    try {
      await once(agent.stdout, 'data');
      expect(await build(folder, '--ssh', `default=${socket}`)).toMatchObject({ code: 0 });
      const without = await build(folder, '--ssh', `other=${socket}`, '--no-cache');
      expect(without.code).toBe(1);
      expect(without.stderr).toContain('--ssh default');
    } finally {
      agent.kill();
      await once(agent, 'exit');
    }
  });

  test('a cache goes to a folder of the client and comes back from it', async () => {
    const folder = await rig.contextOf({ Dockerfile: 'FROM busybox\nRUN date +%N > /time\n' });
    const cache = join(await rig.contextOf({}), 'cache');
    const first = await build(folder, '-t', 'cached', '--cache-to', `type=local,dest=${cache},mode=max`);
    expect(first).toMatchObject({ code: 0 });
    expect((await readdir(cache)).toSorted()).toEqual(['blobs', 'index.json', 'ingest', 'oci-layout']);
    expect(await readFile(join(cache, 'index.json'), 'utf8')).toContain('"latest"');
    const time = await show('cached', 'cat', '/time');
    await rig.engine.docker('rmi', 'cached');
    await buildx.run(['builder', 'prune', '-af']);
    const second = await build(folder, '-t', 'cached', '--cache-from', `type=local,src=${cache}`);
    expect(second).toMatchObject({ code: 0 });
    expect(await show('cached', 'cat', '/time')).toBe(time);
  });

  test('an image in a layout of the client is a base', async () => {
    const folder = await rig.contextOf({ Dockerfile: 'FROM scratch\nCOPY file /file\n', file: 'of the layout' });
    const layout = join(await rig.contextOf({}), 'layout');
    expect(await build(folder, '-o', `type=oci,tar=false,dest=${layout}`)).toMatchObject({ code: 0 });
    const above = await rig.contextOf({ Dockerfile: 'FROM base AS b\nFROM busybox\nCOPY --from=b /file /copied\n' });
    const built = await build(above, '-t', 'above', '--build-context', `base=oci-layout://${layout}`);
    expect(built).toMatchObject({ code: 0 });
    expect(await show('above', 'cat', '/copied')).toBe('of the layout');
  });

  test('what a client cannot read is told, and its build fails', async () => {
    const folder = await rig.contextOf({ Dockerfile: 'FROM busybox\nCOPY nothing /\n' });
    const missing = await build(folder);
    expect(missing.code).toBe(1);
    expect(missing.stderr).toContain('nothing');
    // What a build used goes while its client has its answer already.
    const held = async (): Promise<string> =>
      (await run(['find', join(rig.engine.dataRoot, 'builder'), '-name', 'build-*'])).stdout;
    await expect.poll(held, { timeout: 20_000 }).toBe('');
  });
});

/** Bytes of the context that the client was seen to send. */
function sentBytes({ stderr }: CommandResult): number {
  const units: Readonly<Record<string, number>> = { B: 1, kB: 1e3, MB: 1e6, GB: 1e9 };
  const all = [...stderr.matchAll(/transferring context: ([\d.]+)([kMG]?B)/g)];
  return Math.max(0, ...all.map(([, count, unit = 'B']) => Number(count) * (units[unit] ?? 1)));
}
