import { once } from 'node:events';
import { readdir, symlink, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { run } from '#lib/run.ts';
import { type BuildRig, openBuildRig } from '../../../test/support/build-rig.ts';

let rig: BuildRig;

beforeAll(async () => {
  rig = await openBuildRig();
});
afterAll(async () => rig[Symbol.asyncDispose]());

test('.dockerignore keeps files out, also of a client that sends them', async () => {
  const folder = await rig.contextOf({
    Dockerfile: 'FROM busybox\nCOPY . /all\nCMD cd /all && find . -type f | sort\n',
    '.dockerignore': '*.log\nsecret\n!keep.log\n.dockerignore\nDockerfile\n',
    'a.log': '',
    'keep.log': '',
    'sub/b.log': '',
    'secret/key': '',
  });
  expect(await rig.buildAndRun(folder)).toBe('./keep.log\n./sub/b.log\n');
  const { stdout: tar } = await run(['sh', '-c', `tar -C ${folder} -c . | base64 -w0`]);
  const sent = await rig.engine.command(
    [
      'curl',
      '-sS',
      '--unix-socket',
      rig.engine.socket,
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
  expect((await rig.engine.docker('run', '--rm', 'raw')).stdout).toBe('./keep.log\n./sub/b.log\n');
});

test('a context comes compressed, or as a Dockerfile alone', async () => {
  const folder = await rig.contextOf({ Dockerfile: 'FROM busybox\nCOPY a /a\nCMD cat /a\n', a: 'zipped\n' });
  for (const program of ['gzip', 'xz', 'bzip2']) {
    const { stdout } = await run(['sh', '-c', `tar -C ${folder} -c . | ${program} | base64 -w0`]);
    const built = await rig.engine.command(['docker', 'build', '-t', 'packed', '-'], {
      input: Buffer.from(stdout, 'base64'),
    });
    expect(built, program).toMatchObject({ code: 0 });
  }
  expect((await rig.engine.docker('run', '--rm', 'packed')).stdout).toBe('zipped\n');
  const alone = await rig.engine.command(['docker', 'build', '-q', '-'], { input: 'FROM busybox\nRUN true\n' });
  expect(alone).toMatchObject({ code: 0 });
});

test('COPY: folders, patterns, links, names and modes', async () => {
  const folder = await rig.contextOf({
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
  const lines = (await rig.buildAndRun(folder)).trimEnd().split('\n');
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
  const missing = await rig.build({ Dockerfile: 'FROM busybox\nCOPY nope.txt /\n' });
  expect(missing.code).toBe(1);
  expect(missing.stderr).toContain(
    'COPY failed: file not found in build context or excluded by .dockerignore: stat nope.txt: file does not exist',
  );
  const outside = await rig.build({ Dockerfile: 'FROM busybox\nCOPY ../etc/passwd /\n' });
  expect(outside.stderr).toContain('COPY failed: forbidden path outside the build context: ../etc/passwd ()');
});

test('COPY takes patterns that match nothing, and several sources for a folder that is there', async () => {
  const printed = await rig.buildAndRun({
    Dockerfile: 'FROM busybox\nCOPY *.nope a /c/\nCOPY a b /c\nCOPY *.nope /d\nCMD ls /c; ls -d /d || true\n',
    a: '',
    b: '',
  });
  expect(printed).toBe('a\nb\n');
});

test('links of context and image lead nowhere outside', async () => {
  const folder = await rig.contextOf({
    Dockerfile:
      'FROM busybox\nRUN ln -s /../../../../../../../../tmp/escape-of-build /out\nCOPY file /out/\nCOPY host /host\nCMD cat /tmp/escape-of-build/file; ls /host\n',
    file: 'kept\n',
  });
  await symlink('/etc', join(folder, 'host'));
  const built = await rig.build(folder);
  expect(built.stderr).toContain('stat host: file does not exist');
  expect(await readdir('/tmp')).not.toContain('escape-of-build');
});

test('ADD unpacks local archives and fetches addresses', async () => {
  const folder = await rig.contextOf({
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
  const printed = await rig.buildAndRun(folder);
  server.close();
  expect(printed).toBe('packed\nno archivefetched\n600 1420070400\n');
});

test('a layer holds what the step changed, and no mount point', async () => {
  await rig.build({ Dockerfile: 'FROM busybox\nRUN echo x > /only\nRUN true\n' }, '-t', 'clean');
  const { RootFS: tree } = await rig.inspect('clean');
  expect(tree.Layers).toHaveLength(2);
  const folder = await rig.contextOf({});
  await rig.engine.docker('save', '-o', join(folder, 'image.tar'), 'clean');
  await run(['tar', '-C', folder, '-xf', join(folder, 'image.tar')]);
  const top = join(folder, 'blobs/sha256', (tree.Layers[1] ?? '').slice('sha256:'.length));
  const { stdout } = await run(['tar', '-tf', top]);
  expect(stdout).toBe('only\n');
});

test('a mount point behind a link is no part of the layer either', async () => {
  const folder = await rig.contextOf({ Dockerfile: 'FROM busybox\nADD links.tar /\nRUN echo x > /only\n' });
  await run([
    'sh',
    '-c',
    `cd ${folder} && mkdir etc && ln -s /run/elsewhere/resolv.conf etc/resolv.conf && tar -cf links.tar etc`,
  ]);
  expect(await rig.build(folder, '-t', 'linked')).toMatchObject({ code: 0 });
  const { RootFS: tree } = await rig.inspect('linked');
  await rig.engine.docker('save', '-o', join(folder, 'image.tar'), 'linked');
  await run(['tar', '-C', folder, '-xf', join(folder, 'image.tar')]);
  const top = join(folder, 'blobs/sha256', (tree.Layers.at(-1) ?? '').slice('sha256:'.length));
  expect((await run(['tar', '-tf', top])).stdout).toBe('only\n');
});

test('a large file can be copied again, with other attributes, and from another stage', async () => {
  const folder = await rig.contextOf({
    Dockerfile: `FROM busybox AS one
COPY --chown=5:6 --chmod=600 big /first
FROM busybox
COPY big /second
COPY --chmod=755 . /all/
COPY --from=one /first /third
CMD stat -c '%a %u:%g %s' /second /all/big /third && cmp /second /all/big && cmp /second /third && rm /second && echo fine
`,
    big: 'x'.repeat(5_000_000),
  });
  const expected = '644 0:0 5000000\n755 0:0 5000000\n600 5:6 5000000\nfine\n';
  expect(await rig.buildAndRun(folder)).toBe(expected);
  const again = await rig.build(folder);
  expect(again.stdout.match(/---> Using cache/g)).toHaveLength(5);
  await rig.build(folder, '--no-cache', '-t', 'large');
  expect((await rig.engine.docker('run', '--rm', 'large')).stdout).toBe(expected);
});
