import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { run } from '#lib/run.ts';
import { type BuildRig, openBuildRig } from '../../../test/support/build-rig.ts';

let rig: BuildRig;

beforeAll(async () => {
  rig = await openBuildRig();
});
afterAll(async () => rig[Symbol.asyncDispose]());

test('a RUN that fails tells its code, its command and its last lines', async () => {
  const failed = await rig.build({ Dockerfile: 'FROM busybox\nRUN echo about to fail && exit 7\n' });
  expect(failed.code).toBe(7);
  expect(failed.stdout).toContain('about to fail');
  expect(failed.stderr).toContain("The command '/bin/sh -c echo about to fail && exit 7' returned a non-zero code: 7");
  const unknown = await rig.build({ Dockerfile: 'FROM busybox\nRUN ["no-such-program"]\n' });
  expect(unknown.code).not.toBe(0);
  expect(unknown.stderr).toContain('no-such-program');
});

test('what is told has the lines of the Dockerfile, also where the client shows a message alone', async () => {
  const files = { Dockerfile: 'FROM busybox\nRUN true\nCOPY none /x\n' };
  expect((await rig.build(files)).stderr).toContain('> 3 | COPY none /x');
  const folder = await rig.contextOf({ Dockerfile: 'FROM busybox\nRUN exit 7\n' });
  const call = `tar -C ${folder} -c . | curl -sS --unix-socket ${rig.engine.socket} --data-binary @- -H Content-Type:application/x-tar`;
  const { stdout } = await rig.engine.command(['sh', '-c', `${call} 'http://localhost/build?version=2'`]);
  const { error } = JSON.parse(stdout.trim().split('\n').at(-1) ?? '') as { error: string };
  expect(error).toContain('process "/bin/sh -c exit 7" did not complete successfully: exit code: 7');
  expect(error).toContain('> 2 | RUN exit 7');
});

test('a bad Dockerfile is shown with line, caret and a suggestion', async () => {
  const { code, stderr } = await rig.build({ Dockerfile: 'FROM busybox\nRUN true\nCOPPY a b\nRUN true\n' });
  expect(code).toBe(1);
  expect(stderr).toContain('dockerfile parse error on line 3: unknown instruction: COPPY (did you mean COPY?)');
  const shown = ['  1 | FROM busybox', '  2 | RUN true', '> 3 | COPPY a b', '    | ^^^^^', '  4 | RUN true'];
  expect(stderr).toContain(shown.join('\n'));
  const absent = await rig.engine.request('POST', '/build?dockerfile=Nope', '');
  expect(absent.status).toBe(400);
});

test('what is not there is refused with a way out', async () => {
  expect((await rig.engine.request('POST', '/session')).status).toBe(400);
  const squash = await rig.engine.request('POST', '/build?squash=1');
  expect(squash.status).toBe(501);
  const unknown = await rig.build({ Dockerfile: 'FROM localhost:1/no/such:image\n' });
  expect(unknown.code).toBe(1);
});

/** Trees, mounts and folders that only a running build has. */
async function traces(): Promise<string[]> {
  const mounts = (await readFile('/proc/self/mountinfo', 'utf8'))
    .split('\n')
    .filter((line) => line.includes(`${rig.engine.execRoot}/build/`));
  const points = await readdir(join(rig.engine.execRoot, 'build'));
  const contexts = (await readdir(join(rig.engine.dataRoot, 'builder'))).filter((name) => name.startsWith('context-'));
  return [...mounts, ...points, ...contexts];
}

async function isSleeping(seconds: number): Promise<boolean> {
  return (await run(['pgrep', '-fx', `sleep ${seconds}`], { allowFailure: true })).code === 0;
}

test('a stage that is misspelt is told apart from an image', async () => {
  const { stderr } = await rig.build({
    Dockerfile: 'FROM busybox AS builder\nFROM busybox\nCOPY --from=bilder /a /b\n',
  });
  expect(stderr).toContain('bilder is no stage (did you mean builder?)');
});

test('what has no effect, and what is doubtful, is told', async () => {
  const { stdout } = await rig.build({ Dockerfile: 'FROM busybox\nRUN true \\\n\n  x\n' }, '--cache-from', 'y');
  expect(stdout).toContain('[Warning] the cache y is not used');
  expect(stdout).toMatch(/\[Warning\] NoEmptyContinuation: .*\(line 3\)/);
});

test('a build that its client leaves ends and leaves nothing', async () => {
  const folder = await rig.contextOf({ Dockerfile: 'FROM busybox\nRUN sleep 987\n' });
  const leave = new AbortController();
  const building = rig.engine.command(['docker', 'build', folder], { signal: leave.signal }).catch(() => {});
  await until(() => isSleeping(987));
  leave.abort();
  await building;
  await until(async () => !(await isSleeping(987)));
  await until(async () => (await traces()).length === 0);
  expect(await rig.build({ Dockerfile: 'FROM busybox\nRUN echo next\n' })).toMatchObject({ code: 0 });
});

test('a build is cancelled by its id', async () => {
  const folder = await rig.contextOf({ Dockerfile: 'FROM busybox\nRUN sleep 989\n' });
  const call = `tar -C ${folder} -c . | curl -sS --unix-socket ${rig.engine.socket} --data-binary @- -H Content-Type:application/x-tar 'http://localhost/build?buildid=abc'`;
  const building = rig.engine.command(['sh', '-c', call]);
  await until(() => isSleeping(989));
  expect((await rig.engine.request('POST', '/build/cancel?id=abc')).status).toBe(204);
  expect((await building).stdout).toContain('"error":"build cancelled"');
  await until(async () => (await traces()).length === 0);
  expect(await isSleeping(989)).toBe(false);
  expect((await rig.engine.request('POST', '/build/cancel')).status).toBe(400);
});

test('an engine killed in the middle of a build clears up at its next start, and builds', async () => {
  const folder = await rig.contextOf({ Dockerfile: 'FROM busybox\nRUN echo done > /done\nRUN sleep 988\n' });
  const building = rig.engine.docker('build', folder);
  await until(() => isSleeping(988));
  await rig.engine.kill('SIGKILL');
  await building;
  await rig.engine.start();
  await until(async () => !(await isSleeping(988)));
  expect(await traces()).toEqual([]);
  await writeFile(join(folder, 'Dockerfile'), 'FROM busybox\nRUN echo done > /done\nCMD cat /done\n');
  const next = await rig.build(folder, '-t', 'after');
  expect(next.stdout.match(/---> Using cache/g)).toHaveLength(1);
  expect((await rig.engine.docker('run', '--rm', 'after')).stdout).toBe('done\n');
});

async function until(condition: () => Promise<boolean>): Promise<void> {
  const deadline = Date.now() + 20_000;
  while (!(await condition())) {
    expect(Date.now(), 'it takes too long').toBeLessThan(deadline);
    await sleep(50);
  }
}
