import { existsSync, readlinkSync } from 'node:fs';
import { readdir, symlink, writeFile } from 'node:fs/promises';
import { createServer, connect } from 'node:net';
import { join } from 'node:path';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { UnavailableError } from '#lib/errors.ts';
import { run } from '#lib/run.ts';
import { type BuildRig, openBuildRig } from '../../../../test/support/build-rig.ts';
import type { CommandResult } from '../../../../test/support/engine.ts';

let rig: BuildRig;

beforeAll(async () => {
  rig = await openBuildRig();
});
afterAll(async () => rig[Symbol.asyncDispose]());

/** Builds with the docker client. */
async function build(dockerfile: string, ...flags: string[]): Promise<CommandResult & { text: string }> {
  const result = await rig.build({ Dockerfile: dockerfile }, ...flags);
  return { ...result, text: `${result.stdout}${result.stderr}` };
}

/** Builds with our own client, for what the classic protocol has no words for. */
async function order(dockerfile: string, ...flags: string[]): Promise<CommandResult & { text: string }> {
  const folder = await rig.contextOf({ Dockerfile: dockerfile });
  const result = await rig.engine.berth('build', '--progress', 'plain', ...flags, folder);
  return { ...result, text: `${result.stdout}${result.stderr}` };
}

async function until(holds: () => Promise<boolean>): Promise<void> {
  for (const end = Date.now() + 10_000; !(await holds()); await sleep(20))
    if (Date.now() > end) throw new UnavailableError('it did not come about');
}

/** Folders in memory that running steps have. */
async function memoryFolders(): Promise<string[]> {
  const root = join(rig.engine.execRoot, 'build');
  return (await readdir(root)).filter((name) => name.startsWith('memory-')).map((name) => join(root, name));
}

describe('a secret', () => {
  const SECRET = 'never-to-be-found-4711';
  const HALVES = [SECRET.slice(0, 11), SECRET.slice(11)];

  /** Files on disks that hold it, in any layer, record, log or leftover. */
  async function places(): Promise<string[]> {
    const roots = [rig.engine.dataRoot, rig.engine.execRoot];
    const words = ['find', ...roots, '-xdev', '-type', 'f', '-exec', 'grep', '-laF', SECRET, '{}', '+'] as const;
    return (await run(words, { allowFailure: true })).stdout.split('\n').filter((line) => line !== '');
  }

  test('reaches the step that asks for it, and nothing that stays', async () => {
    const source = join(await rig.contextOf({ secret: SECRET }), 'secret');
    const flags = ['--secret', `id=s,src=${source}`, '--no-cache', '-t', 'secretive'];
    const mounts = '--mount=type=secret,id=s,mode=0440,uid=7,gid=8 --mount=type=secret,id=s,env=TOKEN';
    const first = order(
      `FROM busybox
RUN ${mounts} stat -c '%a %u:%g %n' /run/secrets/s && cat /run/secrets/s && echo " $TOKEN" && sleep 1 && \\
  test "$(cat /run/secrets/s)" = "${HALVES.join('""')}" && test "$TOKEN" = "${HALVES.join('""')}"
RUN test ! -e /run/secrets && test -z "$TOKEN"
`,
      ...flags,
    );
    await until(async () => (await memoryFolders()).length > 0);
    expect(await places()).toEqual([]);
    const { code, text } = await first;
    expect(code, text).toBe(0);
    expect(text).toContain('440 7:8 /run/secrets/s');
    expect(text).toContain('**** ****');
    const failed = await order(`FROM busybox\nRUN ${mounts} cat /run/secrets/s; echo $TOKEN; exit 3\n`, ...flags);
    expect(failed.text).toContain('returned a non-zero code: 3');
    expect(`${text}${failed.text}${rig.engine.log()}`).not.toContain(SECRET);
    expect(await places()).toEqual([]);
    expect(await memoryFolders()).toEqual([]);
    const history = await rig.engine.docker('history', '--no-trunc', 'secretive');
    expect(history.stdout).toContain('cat /run/secrets/s');
    expect(history.stdout).not.toContain(SECRET);
  });

  test('that is required and not there ends the build, and another one does not', async () => {
    const missing = await build('FROM busybox\nRUN --mount=type=secret,id=gone,required true\n');
    expect(missing.code).not.toBe(0);
    expect(missing.text).toContain('secret gone: not found');
    const optional = await build('FROM busybox\nRUN --mount=type=secret,id=gone test ! -e /run/secrets/gone\n');
    expect(optional.code, optional.text).toBe(0);
  });
});

test('an SSH agent of the client answers a step, as long as the step runs', async () => {
  const folder = await rig.contextOf({});
  const agent = createServer((socket) => socket.on('data', (bytes) => socket.end(`answer to ${bytes.toString()}`)));
  agent.listen(join(folder, 'agent'));
  await once(agent, 'listening');
  const mount = '--mount=type=ssh,mode=0666,uid=5';
  const building = order(
    `FROM busybox\nRUN ${mount} test -S $SSH_AUTH_SOCK && stat -c '%a %u' $SSH_AUTH_SOCK && sleep 1\n`,
    '--ssh',
    `default=${join(folder, 'agent')}`,
  );
  // The socket of the step, seen from outside of it.
  let path = '';
  await until(async () => {
    const [memory] = await memoryFolders();
    const name = memory === undefined ? undefined : (await readdir(memory)).find((entry) => entry.startsWith('ssh-'));
    path = join(memory ?? '', name ?? '');
    return name !== undefined;
  });
  const socket = connect(path);
  socket.write('question');
  expect(String((await once(socket, 'data'))[0])).toBe('answer to question');
  const { code, text } = await building;
  expect(code, text).toBe(0);
  expect(text).toContain('666 5');
  expect(existsSync(path)).toBe(false);
  agent.close();
});

test('caches: one step at a time has a locked one, and each its own private one', async () => {
  const locked = '--mount=type=cache,id=locked,sharing=locked,target=/l';
  const own = '--mount=type=cache,id=private,sharing=private,target=/p';
  const stage = (name: string): string => `FROM busybox AS ${name}
RUN ${locked} ${own} test ! -e /l/busy && touch /l/busy && sleep 0.4 && rm /l/busy && echo ${name} >> /l/seen
RUN ${own} echo ${name} > /p/who && sleep 0.5 && test "$(cat /p/who)" = ${name}
`;
  const { code, text } = await build(
    `${stage('one')}${stage('two')}FROM busybox
COPY --from=one /etc/group /1
COPY --from=two /etc/group /2
RUN ${locked} sort /l/seen | tr '\\n' ' '
`,
  );
  expect(code, text).toBe(0);
  expect(text).toContain('one two');
});

describe('more than a step usually may', () => {
  test.each([
    ['--network=host', 'network.host', readlinkSync('/proc/self/ns/net')],
    ['--security=insecure', 'security.insecure', 'mounted'],
  ])('%s needs the entitlement %s', async (flag, entitlement, expected) => {
    const dockerfile = `FROM busybox
RUN ${flag} readlink /proc/self/ns/net; mkdir /m && mount -t tmpfs none /m && echo mounted; true
`;
    const refused = await build(dockerfile);
    expect(refused.code).not.toBe(0);
    expect(refused.text).toContain(`${entitlement} is not allowed`);
    const allowed = await order(dockerfile, '--allow', entitlement);
    expect(allowed.code, allowed.text).toBe(0);
    expect(allowed.text).toContain(expected);
  });

  test('a device that the step can do without is told and left out, another one ends the build', async () => {
    const device = 'example.com/not-there=0';
    const refused = await build(`FROM busybox\nRUN --device=${device} true\n`);
    expect(refused.text).toContain('device is not allowed');
    const optional = await order(`FROM busybox\nRUN --device=${device} echo ran\n`, '--allow', 'device');
    expect(optional.code, optional.text).toBe(0);
    const required = await order(`FROM busybox\nRUN --device=${device},required true\n`, '--allow', 'device');
    expect(required.code).not.toBe(0);
    expect(required.text).toContain(`device ${device} is not known on this host`);
  });
});

test('a step has the limits, the names and the group that the build asks for', async () => {
  const { code, text } = await build(
    `FROM busybox
RUN hostname && cat /proc/self/cgroup && grep gateway /etc/hosts && cat /proc/self/status | grep Mems_allowed_list && ulimit -n
`,
    '--build-arg',
    'BUILDKIT_SANDBOX_HOSTNAME=named',
    '--cgroup-parent=/berth-test-builds',
    '--add-host=gateway:host-gateway',
    '--ulimit=nofile=111',
  );
  expect(code, text).toBe(0);
  expect(text).toMatch(/^named$/m);
  expect(text).toMatch(/^10\.\d+\.0\.1\s+gateway$/m);
  expect(text).toContain(`/berth-test-builds/berth-${rig.engine.id}-run-`);
  expect(text).toMatch(/^111$/m);
  expect((await run(['find', '/sys/fs/cgroup', '-maxdepth', '2', '-name', 'berth-test-builds'])).stdout).toBe('');
});

test('a step that needs more memory than it may have is told so', async () => {
  const { code, text } = await order(
    'FROM busybox\nRUN dd if=/dev/zero of=/dev/null bs=64M count=1\n',
    '--memory',
    '20m',
  );
  expect(code).not.toBe(0);
  expect(text).toContain('used more memory than it may');
  expect(text).toContain('--memory');
});

test('another platform: files are copied, and programs need a handler', async () => {
  const folder = await rig.contextOf({
    Dockerfile: 'FROM scratch\nCOPY file /bin/sh\nENV A=1\n',
    file: 'not a program',
  });
  const made = await rig.build(folder, '--platform', 'linux/riscv64', '-t', 'foreign');
  expect(made.code, made.stderr).toBe(0);
  const { stdout } = await rig.engine.docker('inspect', '-f', '{{.Os}}/{{.Architecture}}', 'foreign');
  expect(stdout.trim()).toBe('linux/riscv64');
  const { code, text } = await order('FROM foreign\nRUN true\n', '--platform', 'linux/riscv64');
  expect(code).not.toBe(0);
  expect(text).toContain('RUN for linux/riscv64 cannot be done on this host');
  expect(text).toContain('qemu-user-static');
});

test('a trigger of the base image takes from a stage that nothing else needs', async () => {
  await build(
    'FROM busybox\nONBUILD COPY --from=late /x /copied\nONBUILD RUN --mount=from=late,target=/m cat /m/x\n',
    '-t',
    'triggering',
  );
  const { code, text } = await build(
    'FROM busybox AS late\nRUN echo from-late > /x\nFROM triggering\nRUN cat /copied\n',
  );
  expect(code, text).toBe(0);
  expect(text.match(/^from-late$/gm)).toHaveLength(2);
});

test('what a step writes into a bind mount is seen by it alone', async () => {
  const folder = await rig.contextOf({
    Dockerfile: `FROM busybox
RUN --mount=target=/ctx,rw echo new > /ctx/file && rm /ctx/Dockerfile && cat /ctx/file
RUN --mount=target=/ctx cat /ctx/file && ls /ctx && ! touch /ctx/x
`,
    file: 'old',
    '.dockerignore': 'hidden\n',
    hidden: 'x',
  });
  await writeFile(join(folder, 'odd,name:x'), '');
  const { code, stdout, stderr } = await rig.engine.berth('build', '--progress', 'plain', folder);
  expect(code, stderr).toBe(0);
  const text = `${stdout}${stderr}`;
  expect(text).toMatch(/ new$/m);
  expect(text).toMatch(/ old/m);
  expect(text).toContain('odd,name:x');
  expect(text).not.toContain('hidden');
  expect((await readdir(folder)).toSorted()).toEqual(['.dockerignore', 'Dockerfile', 'file', 'hidden', 'odd,name:x']);
});

test('links of a context and of an image lead no mount outside', async () => {
  const folder = await rig.contextOf({ 'dir/file': 'x', secret: 'outside' });
  const context = join(folder, 'dir');
  await symlink(join(folder, 'secret'), join(context, 'absolute'));
  await symlink('../secret', join(context, 'relative'));
  const tryBuild = async (dockerfile: string): Promise<CommandResult> => {
    await writeFile(join(context, 'Dockerfile'), dockerfile);
    return rig.build(context);
  };
  for (const source of ['absolute', 'relative', '../secret', 'dir/../../secret']) {
    const { code, stderr } = await tryBuild(`FROM busybox\nRUN --mount=source=${source},target=/m cat /m\n`);
    expect(code).not.toBe(0);
    expect(stderr).toContain('not found');
  }
  const seen = await tryBuild(`FROM busybox AS linked
RUN ln -s /../../../../../etc /out && ln -s ${folder} /alt
FROM linked
RUN --mount=target=/m ! cat /m/absolute /m/relative
RUN --mount=from=linked,source=out/group,target=/m cmp /m /etc/group
RUN --mount=type=tmpfs,target=/out/../../../mnt/x --mount=type=tmpfs,target=/alt/y touch /alt/y/z && ls ${folder}
`);
  expect(seen.code, seen.stderr).toBe(0);
  expect(await readdir(folder)).toEqual(['dir', 'secret']);
});
