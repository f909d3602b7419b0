import { chmod, mkdir, mkdtemp, readdir, readFile, rm, symlink, utimes, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { run } from '#lib/run.ts';
import { importBusybox } from '../../../test/support/base-image.ts';
import { type CommandResult, startEngine, type TestEngine } from '../../../test/support/engine.ts';

let engine: TestEngine;
const folders: string[] = [];

beforeAll(async () => {
  engine = await startEngine();
  await importBusybox(engine);
});
afterAll(async () => {
  await engine[Symbol.asyncDispose]();
  for (const folder of folders) await rm(folder, { recursive: true, force: true });
});

type Files = Readonly<Record<string, string>>;

async function contextOf(files: Files): Promise<string> {
  const folder = await mkdtemp('/tmp/b-context-');
  folders.push(folder);
  for (const [name, text] of Object.entries(files)) {
    await mkdir(dirname(join(folder, name)), { recursive: true });
    await writeFile(join(folder, name), text);
  }
  return folder;
}

async function build(files: Files | string, ...flags: string[]): Promise<CommandResult> {
  return engine.docker('build', ...flags, typeof files === 'string' ? files : await contextOf(files));
}

/** Builds and runs the image; what its command prints. */
async function buildAndRun(files: Files | string, ...flags: string[]): Promise<string> {
  const built = await build(files, '-q', ...flags);
  expect(built).toMatchObject({ code: 0 });
  const ran = await engine.docker('run', '--rm', built.stdout.trim());
  expect(ran).toMatchObject({ code: 0 });
  return ran.stdout;
}

async function inspect(
  name: string,
): Promise<{ Id: string; Config: Record<string, unknown>; Author: string; RootFS: { Layers: string[] } }> {
  const { stdout } = await engine.docker('inspect', name);
  return (JSON.parse(stdout) as [Awaited<ReturnType<typeof inspect>>])[0];
}

test('each instruction ends in the config, the tree and the history', async () => {
  const built = await build(
    {
      Dockerfile: `FROM busybox
MAINTAINER me
ARG A=1
ENV ONE=$A TWO="two words"
ENV OLD form of it
LABEL a.b=c "d e"='f g'
EXPOSE 80 53/udp 8000-8001
VOLUME ["/data", "/more"]
WORKDIR /work
WORKDIR sub
COPY file .
ADD file added
RUN ["sh", "-c", "echo $ONE > made"]
USER 1000:1000
STOPSIGNAL SIGINT
HEALTHCHECK --interval=5s --timeout=3s --start-period=1s --retries=2 CMD ["true"]
SHELL ["/bin/sh", "-ec"]
ONBUILD RUN echo later
ENTRYPOINT ["cat"]
CMD ["made"]
`,
      file: 'content\n',
    },
    '-t',
    'all',
    '-t',
    'other:tag',
  );
  expect(built).toMatchObject({ code: 0 });
  expect(built.stdout).toMatch(/^Step 1\/20 : FROM busybox$/m);
  expect(built.stdout).toMatch(
    /^Successfully built [0-9a-f]{12}\nSuccessfully tagged all:latest\nSuccessfully tagged other:tag$/m,
  );
  const { Config: config, Author: author, Id: id } = await inspect('all');
  expect(built.stdout).toContain(`Successfully built ${id.slice(7, 19)}`);
  expect(author).toBe('me');
  expect(config).toMatchObject({
    User: '1000:1000',
    Env: [
      'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
      'ONE=1',
      'TWO=two words',
      'OLD=form of it',
    ],
    Cmd: ['made'],
    Entrypoint: ['cat'],
    ExposedPorts: { '80/tcp': {}, '53/udp': {}, '8000/tcp': {}, '8001/tcp': {} },
    Volumes: { '/data': {}, '/more': {} },
    WorkingDir: '/work/sub',
    Labels: { 'a.b': 'c', 'd e': 'f g' },
    StopSignal: 'SIGINT',
    Healthcheck: { Test: ['CMD', 'true'], Interval: 5e9, Timeout: 3e9, StartPeriod: 1e9, Retries: 2 },
    Shell: ['/bin/sh', '-ec'],
    OnBuild: ['RUN echo later'],
  });
  expect((await engine.docker('run', '--rm', 'all')).stdout).toBe('1\n');
  const history = await engine.docker('history', '--no-trunc', '--format', '{{.CreatedBy}}', 'all');
  const lines = history.stdout.split('\n').map((line) => line.trimEnd());
  expect(lines).toContain('/bin/sh -ec #(nop)  CMD ["made"]');
  expect(lines).toContain('/bin/sh -c #(nop)  ENV ONE=1 TWO=two words');
  expect(lines).toContain('/bin/sh -c #(nop) WORKDIR /work/sub');
  expect(lines).toContain('|1 A=1 sh -c echo $ONE > made');
  expect(
    lines.find((line) => /^\/bin\/sh -c #\(nop\) COPY file:[0-9a-f]{64} in \/work\/sub\/$/.test(line)),
  ).toBeDefined();
});

test('ONBUILD runs in the next build and is gone from its image', async () => {
  await build(
    { Dockerfile: 'FROM busybox\nONBUILD COPY file /file\nONBUILD RUN echo triggered >> /file\n' },
    '-t',
    'parent',
  );
  const built = await build({ Dockerfile: 'FROM parent\nCMD cat /file\n', file: 'mine\n' }, '-t', 'child');
  expect(built.stdout).toContain('# Executing 2 build triggers');
  expect((await engine.docker('run', '--rm', 'child')).stdout).toBe('mine\ntriggered\n');
  expect((await inspect('child')).Config['OnBuild'] ?? null).toBeNull();
});

test('stages: by name, by index, from an image; those nobody needs are not built', async () => {
  const files = {
    Dockerfile: `FROM busybox AS unused
RUN false
FROM busybox AS first
RUN mkdir /out && echo one > /out/one && chown 5:6 /out/one
FROM first AS second
RUN echo two > /out/two
FROM busybox
COPY --from=first /out/one /all/
COPY --from=2 /out/two /all/
COPY --from=busybox:latest /etc/group /all/group
COPY --from=first --chown=7:8 /out/one /all/owned
CMD cat /all/one /all/two && stat -c '%u:%g %n' /all/*
`,
  };
  const printed = await buildAndRun(files);
  expect(printed).toBe('one\ntwo\n0:0 /all/group\n5:6 /all/one\n7:8 /all/owned\n0:0 /all/two\n');
  const target = await build(files, '--target', 'SECOND');
  expect(target.stdout).not.toContain('Step 6/');
  const wrong = await build(files, '--target', 'secnd');
  expect(wrong.stderr).toContain('target stage "secnd" could not be found (did you mean second?)');
});

test('a step is taken from an earlier build unless what it depends on changed', async () => {
  const folder = await contextOf({
    Dockerfile: 'FROM busybox\nCOPY dir /dir\nRUN date +%s%N > /when\nCMD cat /when\n',
    'dir/file': 'a',
  });
  const first = await buildAndRun(folder, '-t', 'cached');
  const { Id: id } = await inspect('cached');
  const again = await build(folder, '-t', 'cached');
  expect(again.stdout.match(/---> Using cache/g)).toHaveLength(3);
  expect((await inspect('cached')).Id).toBe(id);
  await utimes(join(folder, 'dir/file'), 1, 1);
  expect(await buildAndRun(folder)).toBe(first);
  await chmod(join(folder, 'dir/file'), 0o755);
  const second = await buildAndRun(folder);
  expect(second).not.toBe(first);
  await writeFile(join(folder, 'dir/file'), 'b');
  expect(await buildAndRun(folder)).not.toBe(second);
  const fresh = await build(folder, '--no-cache');
  expect(fresh.stdout).not.toContain('Using cache');
});

test('a build argument is part of the steps that see it, a proxy is not', async () => {
  const folder = await contextOf({
    Dockerfile: 'FROM busybox\nRUN echo before\nARG WHO\nRUN echo $WHO $HTTP_PROXY > /who\nCMD cat /who\n',
  });
  expect(await buildAndRun(folder, '--build-arg', 'WHO=a', '--build-arg', 'HTTP_PROXY=p')).toBe('a p\n');
  const other = await build(folder, '--build-arg', 'WHO=b');
  expect(other.stdout.match(/---> Using cache/g)).toHaveLength(2);
  const same = await build(folder, '--build-arg', 'WHO=a', '--build-arg', 'HTTP_PROXY=q');
  expect(same.stdout.match(/---> Using cache/g)).toHaveLength(4);
  expect((await build(folder, '--build-arg', 'NOPE=1')).stdout).toContain(
    '[Warning] One or more build-args [NOPE] were not consumed',
  );
});

test('ARG before FROM chooses the base, and is known to a stage that names it', async () => {
  const printed = await buildAndRun({
    Dockerfile: 'ARG TAG=latest\nARG X=outer\nFROM busybox:${TAG}\nARG X\nENV Y=${X:-none}\nCMD echo $Y\n',
  });
  expect(printed).toBe('outer\n');
});

test('.dockerignore keeps files out, also of a client that sends them', async () => {
  const folder = await contextOf({
    Dockerfile: 'FROM busybox\nCOPY . /all\nCMD cd /all && find . -type f | sort\n',
    '.dockerignore': '*.log\nsecret\n!keep.log\n.dockerignore\nDockerfile\n',
    'a.log': '',
    'keep.log': '',
    'sub/b.log': '',
    'secret/key': '',
  });
  expect(await buildAndRun(folder)).toBe('./keep.log\n./sub/b.log\n');
  const { stdout: tar } = await run(['sh', '-c', `tar -C ${folder} -c . | base64 -w0`]);
  const sent = await engine.command(
    [
      'curl',
      '-sS',
      '--unix-socket',
      engine.socket,
      '-X',
      'POST',
      '-H',
      'Content-Type: application/x-tar',
      '--data-binary',
      '@-',
      'http://localhost/build?t=raw',
    ],
    { input: Buffer.from(tar, 'base64') },
  );
  expect(sent.stdout).toContain('Successfully tagged raw:latest');
  expect((await engine.docker('run', '--rm', 'raw')).stdout).toBe('./keep.log\n./sub/b.log\n');
});

test('a context comes compressed, or as a Dockerfile alone', async () => {
  const folder = await contextOf({ Dockerfile: 'FROM busybox\nCOPY a /a\nCMD cat /a\n', a: 'zipped\n' });
  for (const program of ['gzip', 'xz', 'bzip2']) {
    const { stdout } = await run(['sh', '-c', `tar -C ${folder} -c . | ${program} | base64 -w0`]);
    const built = await engine.command(['docker', 'build', '-t', 'packed', '-'], {
      input: Buffer.from(stdout, 'base64'),
    });
    expect(built, program).toMatchObject({ code: 0 });
  }
  expect((await engine.docker('run', '--rm', 'packed')).stdout).toBe('zipped\n');
  const alone = await engine.command(['docker', 'build', '-q', '-'], { input: 'FROM busybox\nRUN true\n' });
  expect(alone).toMatchObject({ code: 0 });
});

test('COPY: folders, patterns, links, names and modes', async () => {
  const folder = await contextOf({
    Dockerfile: `FROM busybox
RUN mkdir /there && ln -s /there /link
COPY dir /a
COPY dir/ /b/
COPY dir/*.txt /c/
COPY one /d/renamed
COPY one two /e/
COPY link /f
COPY one /link/
COPY --chmod=640 --chown=user one /g
COPY --chown=nobody:tty one /h
COPY ["name with blank", "/i j"]
CMD find /a /b /c /d /e /f /there /g /h "/i j" -exec stat -c '%A %u:%g %n' {} + | sort -k3
`,
    'dir/x.txt': 'x',
    'dir/y.bin': 'y',
    'dir/deep/z.txt': 'z',
    one: '1',
    two: '2',
    'name with blank': '',
  });
  await symlink('one', join(folder, 'link'));
  await symlink('x.txt', join(folder, 'dir/inner'));
  const lines = (await buildAndRun(folder)).trimEnd().split('\n');
  expect(lines).toEqual([
    'drwxr-xr-x 0:0 /a',
    'drwxr-xr-x 0:0 /a/deep',
    '-rw-r--r-- 0:0 /a/deep/z.txt',
    'lrwxrwxrwx 0:0 /a/inner',
    '-rw-r--r-- 0:0 /a/x.txt',
    '-rw-r--r-- 0:0 /a/y.bin',
    'drwxr-xr-x 0:0 /b',
    'drwxr-xr-x 0:0 /b/deep',
    '-rw-r--r-- 0:0 /b/deep/z.txt',
    'lrwxrwxrwx 0:0 /b/inner',
    '-rw-r--r-- 0:0 /b/x.txt',
    '-rw-r--r-- 0:0 /b/y.bin',
    'drwxr-xr-x 0:0 /c',
    '-rw-r--r-- 0:0 /c/x.txt',
    'drwxr-xr-x 0:0 /d',
    '-rw-r--r-- 0:0 /d/renamed',
    'drwxr-xr-x 0:0 /e',
    '-rw-r--r-- 0:0 /e/one',
    '-rw-r--r-- 0:0 /e/two',
    '-rw-r--r-- 0:0 /f',
    '-rw-r----- 1000:1000 /g',
    '-rw-r--r-- 65534:5 /h',
    '-rw-r--r-- 0:0 /i j',
    'drwxr-xr-x 0:0 /there',
    '-rw-r--r-- 0:0 /there/one',
  ]);
});

test('COPY names what is missing or outside in words that people know', async () => {
  const missing = await build({ Dockerfile: 'FROM busybox\nCOPY nope.txt /\n' });
  expect(missing.code).toBe(1);
  expect(missing.stderr).toContain(
    'COPY failed: file not found in build context or excluded by .dockerignore: stat nope.txt: file does not exist',
  );
  const outside = await build({ Dockerfile: 'FROM busybox\nCOPY ../etc/passwd /\n' });
  expect(outside.stderr).toContain('COPY failed: forbidden path outside the build context: ../etc/passwd ()');
  const none = await build({ Dockerfile: 'FROM busybox\nCOPY *.nope /\n' });
  expect(none.stderr).toContain('COPY failed: no source files were specified');
  const several = await build({ Dockerfile: 'FROM busybox\nCOPY a b /c\n', a: '', b: '' });
  expect(several.stderr).toContain('the destination must be a directory and end with a /');
});

test('links of context and image lead nowhere outside', async () => {
  const folder = await contextOf({
    Dockerfile:
      'FROM busybox\nRUN ln -s /../../../../../../../../tmp/escape-of-build /out\nCOPY file /out/\nCOPY host /host\nCMD cat /tmp/escape-of-build/file; ls /host\n',
    file: 'kept\n',
  });
  await symlink('/etc', join(folder, 'host'));
  const built = await build(folder);
  expect(built.stderr).toContain('stat host: file does not exist');
  expect(await readdir('/tmp')).not.toContain('escape-of-build');
});

test('ADD unpacks local archives and fetches addresses', async () => {
  const folder = await contextOf({
    'tree/a/file': 'packed\n',
    plain: 'no archive',
  });
  await run(['tar', '-C', join(folder, 'tree'), '-czf', join(folder, 'x.tar.gz'), '.']);
  const server = createServer((_, response) =>
    response.setHeader('Last-Modified', 'Thu, 01 Jan 2015 00:00:00 GMT').end('fetched\n'),
  );
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  await writeFile(
    join(folder, 'Dockerfile'),
    `FROM busybox
ADD x.tar.gz /unpacked/
ADD plain /plain
ADD --unpack=false x.tar.gz /kept.tgz
ADD http://127.0.0.1:${port}/some/name.txt?x=1 /fetched/
COPY x.tar.gz /copied.tgz
CMD cat /unpacked/a/file /plain /fetched/name.txt && stat -c '%a %Y' /fetched/name.txt && cmp /kept.tgz /copied.tgz
`,
  );
  const printed = await buildAndRun(folder);
  server.close();
  expect(printed).toBe('packed\nno archivefetched\n600 1420070400\n');
});

test('heredocs: scripts, programs and files', async () => {
  const printed = await buildAndRun({
    Dockerfile: `FROM busybox
ARG WHO=me
RUN <<EOF
echo first > /out
echo second >> /out
EOF
RUN <<SCRIPT
#!/bin/sh
echo "$0" >> /out
SCRIPT
RUN cat <<A >> /out
third $WHO
A
COPY <<one <<"two" /files/
hello $WHO
one
as it is $WHO
two
CMD cat /out /files/one /files/two
`,
  });
  expect(printed).toBe('first\nsecond\n/dev/pipes/SCRIPT\nthird me\nhello me\nas it is $WHO\n');
});

test('RUN --mount: files of the context and a cache that stays between builds', async () => {
  const folder = await contextOf({
    Dockerfile: `FROM busybox
RUN --mount=type=bind,source=list,target=/mnt/list --mount=type=cache,target=/cache cat /mnt/list >> /cache/seen && cat /cache/seen > /seen
RUN ls /mnt /cache > /left 2>&1; true
CMD cat /seen /left
`,
    list: 'a\n',
  });
  const cache = await buildAndRun(folder);
  expect(cache).toBe('a\nls: /mnt: No such file or directory\nls: /cache: No such file or directory\n');
  await writeFile(join(folder, 'list'), 'b\n');
  expect(await buildAndRun(folder)).toContain('a\nb\n');
});

test('a layer holds what the step changed, and no mount point', async () => {
  await build({ Dockerfile: 'FROM busybox\nRUN echo x > /only\nRUN true\n' }, '-t', 'clean');
  const { RootFS: tree } = await inspect('clean');
  expect(tree.Layers).toHaveLength(2);
  const folder = await contextOf({});
  await engine.docker('save', '-o', join(folder, 'image.tar'), 'clean');
  await run(['tar', '-C', folder, '-xf', join(folder, 'image.tar')]);
  const top = join(folder, 'blobs/sha256', (tree.Layers[1] ?? '').slice('sha256:'.length));
  const { stdout } = await run(['tar', '-tf', top]);
  expect(stdout).toBe('only\n');
});

test('an image from scratch has only what was copied', async () => {
  await build({ Dockerfile: 'FROM scratch\nCOPY hello /\nLABEL a=b\n', hello: 'hi' }, '-t', 'tiny');
  expect((await inspect('tiny')).RootFS.Layers).toHaveLength(1);
  const empty = await build({ Dockerfile: 'FROM scratch\nLABEL only=this\n' }, '-t', 'nothing');
  expect(empty).toMatchObject({ code: 0 });
  expect((await inspect('nothing')).Config['Labels']).toEqual({ only: 'this' });
});

test('a RUN that fails tells its code, its command and its last lines', async () => {
  const failed = await build({ Dockerfile: 'FROM busybox\nRUN echo about to fail && exit 7\n' });
  expect(failed.code).toBe(7);
  expect(failed.stdout).toContain('about to fail');
  expect(failed.stderr).toContain("The command '/bin/sh -c echo about to fail && exit 7' returned a non-zero code: 7");
  const unknown = await build({ Dockerfile: 'FROM busybox\nRUN ["no-such-program"]\n' });
  expect(unknown.code).not.toBe(0);
  expect(unknown.stderr).toContain('no-such-program');
});

test('a bad Dockerfile is shown with line, caret and a suggestion', async () => {
  const { code, stderr } = await build({ Dockerfile: 'FROM busybox\nRUN true\nCOPPY a b\nRUN true\n' });
  expect(code).toBe(1);
  expect(stderr).toContain('dockerfile parse error on line 3: unknown instruction: COPPY (did you mean COPY?)');
  const shown = ['  1 | FROM busybox', '  2 | RUN true', '> 3 | COPPY a b', '    | ^^^^^', '  4 | RUN true'];
  expect(stderr).toContain(shown.join('\n'));
  const absent = await engine.request('POST', '/build?dockerfile=Nope', '');
  expect(absent.status).toBe(400);
});

test('limits, hosts, networks and labels of the command reach the steps', async () => {
  const flags = ['--add-host', 'there:1.2.3.4', '--network', 'none', '--ulimit', 'nofile=100:100', '--shm-size', '8m'];
  const { code, stdout } = await build(
    { Dockerfile: 'FROM busybox\nRUN cat /etc/hosts && ip -o link && ulimit -n && df -k /dev/shm\n' },
    ...flags,
    ...['--label', 'x=a b$c', '-t', 'limited'],
  );
  expect(code).toBe(0);
  expect(stdout).toMatch(/1\.2\.3\.4\s+there/);
  expect(stdout).not.toContain('eth0');
  expect(stdout).toMatch(/^100$/m);
  expect(stdout).toMatch(/shm\s+8192/);
  expect((await inspect('limited')).Config['Labels']).toEqual({ x: 'a b$c' });
});

test('what is not there is refused with a way out', async () => {
  const buildkit = await engine.request('POST', '/build?version=2');
  expect(buildkit.status).toBe(501);
  expect(buildkit.text).toContain('DOCKER_BUILDKIT=0');
  expect((await engine.request('POST', '/session')).status).toBe(501);
  const squash = await engine.request('POST', '/build?squash=1');
  expect(squash.status).toBe(501);
  const unknown = await build({ Dockerfile: 'FROM localhost:1/no/such:image\n' });
  expect(unknown.code).toBe(1);
});

/** Trees, mounts and folders that only a running build has. */
async function traces(): Promise<string[]> {
  const mounts = (await readFile('/proc/self/mountinfo', 'utf8'))
    .split('\n')
    .filter((line) => line.includes(`${engine.execRoot}/build/`));
  const points = await readdir(join(engine.execRoot, 'build'));
  const contexts = (await readdir(join(engine.dataRoot, 'builder'))).filter((name) => name.startsWith('context-'));
  return [...mounts, ...points, ...contexts];
}

async function isSleeping(seconds: number): Promise<boolean> {
  return (await run(['pgrep', '-fx', `sleep ${seconds}`], { allowFailure: true })).code === 0;
}

test('a build that its client leaves ends and leaves nothing', async () => {
  const folder = await contextOf({ Dockerfile: 'FROM busybox\nRUN sleep 987\n' });
  const leave = new AbortController();
  const building = engine.command(['docker', 'build', folder], { signal: leave.signal }).catch(() => {});
  await until(() => isSleeping(987));
  leave.abort();
  await building;
  await until(async () => !(await isSleeping(987)));
  await until(async () => (await traces()).length === 0);
  expect(await build({ Dockerfile: 'FROM busybox\nRUN echo next\n' })).toMatchObject({ code: 0 });
});

test('an engine killed in the middle of a build clears up at its next start, and builds', async () => {
  const folder = await contextOf({ Dockerfile: 'FROM busybox\nRUN echo done > /done\nRUN sleep 988\n' });
  const building = engine.docker('build', folder);
  await until(() => isSleeping(988));
  await engine.kill('SIGKILL');
  await building;
  await engine.start();
  await until(async () => !(await isSleeping(988)));
  expect(await traces()).toEqual([]);
  await writeFile(join(folder, 'Dockerfile'), 'FROM busybox\nRUN echo done > /done\nCMD cat /done\n');
  const next = await build(folder, '-t', 'after');
  expect(next.stdout.match(/---> Using cache/g)).toHaveLength(1);
  expect((await engine.docker('run', '--rm', 'after')).stdout).toBe('done\n');
});

test('pruning forgets steps, and images keep what they need', async () => {
  await build({ Dockerfile: 'FROM busybox\nRUN echo kept > /kept\nCMD cat /kept\n' }, '-t', 'kept');
  await build({ Dockerfile: 'FROM busybox\nRUN echo kept > /kept\nRUN echo more > /more\nRUN false\n' });
  const pruned = await engine.request('POST', '/build/prune?all=1');
  expect(pruned.status).toBe(200);
  expect((JSON.parse(pruned.text) as { CachesDeleted: string[] }).CachesDeleted.length).toBeGreaterThan(2);
  expect((await engine.docker('run', '--rm', 'kept')).stdout).toBe('kept\n');
  const again = await build({ Dockerfile: 'FROM busybox\nRUN echo kept > /kept\nCMD cat /kept\n' });
  expect(again).toMatchObject({ code: 0 });
  expect(again.stdout).not.toContain('Using cache');
});

async function until(condition: () => Promise<boolean>): Promise<void> {
  const deadline = Date.now() + 20_000;
  while (!(await condition())) {
    expect(Date.now(), 'it takes too long').toBeLessThan(deadline);
    await sleep(50);
  }
}
