import { once } from 'node:events';
import { chown, mkdir, mkdtempDisposable, readFile, symlink, truncate, utimes, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openTestRepository } from '#engine/builder/sources/git/test-repository.ts';
import { run } from '#lib/run.ts';
import { type BuildRig, openBuildRig } from '../../../test/support/build-rig.ts';

let rig: BuildRig;

beforeAll(async () => {
  rig = await openBuildRig();
});
afterAll(async () => rig[Symbol.asyncDispose]());

async function build(...args: string[]): Promise<{ code: number; text: string }> {
  const { code, stdout, stderr } = await rig.engine.berth('build', '--progress=plain', ...args);
  return { code, text: `${stdout}${stderr}` };
}

async function output(name: string): Promise<string> {
  const { code, stdout, stderr } = await rig.engine.docker('run', '--rm', name);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  return stdout;
}

async function serve(
  files: Readonly<Record<string, Buffer>>,
): Promise<{ address: string; sent: string[]; close(): void }> {
  const sent: string[] = [];
  const server = createServer((request, response) => {
    const body = files[(request.url ?? '').slice(1)];
    const etag = `"${body?.length ?? 0}"`;
    if (body === undefined) response.writeHead(404).end();
    else if (request.headers['if-none-match'] === etag) response.writeHead(304).end();
    else {
      sent.push(request.url ?? '');
      response.setHeader('Last-Modified', 'Thu, 01 Jan 2015 00:00:00 GMT').setHeader('ETag', etag).end(body);
    }
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    address: `http://127.0.0.1:${port}`,
    sent,
    close() {
      server.close();
      server.closeAllConnections();
    },
  };
}

test('a folder is read where it lies: owners, ignored files and changes', async () => {
  const folder = await rig.contextOf({
    Dockerfile: 'FROM busybox\nCOPY . /all\nRUN stat -c %u:%g /all/a > /owner\nCMD cat /all/a /owner; ls -A /all\n',
    '.dockerignore': 'secret\nDockerfile\n.dockerignore\n',
    a: 'one\n',
    big: 'x'.repeat(3_000_000),
    secret: '',
  });
  await chown(join(folder, 'a'), 1234, 1234);
  expect(await build('-t', 'folder', folder)).toMatchObject({ code: 0 });
  expect(await output('folder')).toBe('one\n0:0\na\nbig\n');
  await sleep(60);
  await utimes(join(folder, 'a'), 1, 1);
  const again = await build('-t', 'folder', folder);
  expect(again.text.match(/CACHED/g)).toHaveLength(2);
  await writeFile(join(folder, 'a'), 'two\n');
  expect(await build('-t', 'folder', folder)).toMatchObject({ code: 0 });
  expect(await output('folder')).toBe('two\n0:0\na\nbig\n');
  // Its own files are still its own.
  expect((await run(['stat', '-c', '%u %h', join(folder, 'a'), join(folder, 'big')])).stdout).toBe('1234 1\n0 1\n');
});

test('holes of a large file stay holes, and links of a context lead nowhere', async () => {
  const folder = await rig.contextOf({
    Dockerfile:
      'FROM busybox\nCOPY sparse /sparse\nCMD stat -c %s /sparse; du -k /sparse | cut -f1; tail -c 4 /sparse\n',
    sparse: '',
    outside: 'FROM busybox\nCOPY out /out\n',
    above: 'FROM busybox\nRUN --mount=type=bind,source=out,target=/m true\n',
  });
  await truncate(join(folder, 'sparse'), 50_000_000);
  await writeFile(join(folder, 'sparse'), 'end!', { flag: 'a' });
  await symlink('/etc/passwd', join(folder, 'out'));
  expect(await build('-t', 'sparse', folder)).toMatchObject({ code: 0 });
  const [size, blocks, tail] = (await output('sparse')).split('\n');
  expect([size, tail]).toEqual(['50000004', 'end!']);
  expect(Number(blocks)).toBeLessThan(1000);
  for (const name of ['outside', 'above']) {
    const { code, text } = await build('-f', join(folder, name), folder);
    expect(code).not.toBe(0);
    expect(text).toMatch(/stat out: file does not exist|"\/out": not found/);
  }
});

test('contexts of git, of an address and from standard input', async () => {
  await using repository = await openTestRepository();
  await mkdir(join(repository.folder, 'sub'));
  await writeFile(join(repository.folder, 'sub/Dockerfile'), 'FROM busybox\nCOPY . /c\nCMD ls -A /c\n');
  await writeFile(join(repository.folder, 'sub/file'), '');
  await repository.git('add', '.');
  await repository.git('commit', '-qm', 'one');
  await using folder = await mkdtempDisposable('/tmp/b-contexts-');
  await run(['tar', '-C', join(repository.folder, 'sub'), '-czf', join(folder.path, 'x.tgz'), '.']);
  const server = await serve({
    'x.tgz': await readFile(join(folder.path, 'x.tgz')),
    Dockerfile: Buffer.from('FROM busybox\nCMD echo alone\n'),
  });
  const { address } = server;
  expect(await build('-t', 'git', `${repository.url}#:sub`)).toMatchObject({ code: 0 });
  expect(await output('git')).toBe('Dockerfile\nfile\n');
  expect(await build('-t', 'http', `${address}/x.tgz`)).toMatchObject({ code: 0 });
  expect(await output('http')).toBe('Dockerfile\nfile\n');
  expect(await build('-t', 'file', `${address}/Dockerfile`)).toMatchObject({ code: 0 });
  expect(await output('file')).toBe('alone\n');
  const missing = await build(`${address}/nope`);
  expect(missing.code).not.toBe(0);
  expect(missing.text).toContain('404 Not Found');
  server.close();
});

test('ADD from git and from an address: pinned, unpacked, named', async () => {
  await using repository = await openTestRepository();
  await writeFile(join(repository.folder, 'file'), 'of git\n');
  await repository.git('add', '.');
  await repository.git('commit', '-qm', 'one');
  const commit = await repository.git('rev-parse', 'HEAD');
  await using folder = await mkdtempDisposable('/tmp/b-contexts-');
  await run(['tar', '-C', repository.folder, '-cJf', join(folder.path, 'x.tar.xz'), 'file']);
  const server = await serve({
    'x.tar.xz': await readFile(join(folder.path, 'x.tar.xz')),
    plain: Buffer.from('plain\n'),
  });
  const { address } = server;
  const checksum = (await run(['sh', '-c', "printf 'plain\\n' | sha256sum"])).stdout.slice(0, 64);
  const context = await rig.contextOf({
    Dockerfile: `FROM busybox
ADD --keep-git-dir ${repository.url} /git
ADD --checksum=${commit} ${repository.url}#main /pinned
ADD --unpack --chown=5:6 ${address}/x.tar.xz /unpacked
ADD --checksum=sha256:${checksum} --chmod=644 ${address}/plain /plain
ADD ${address}/x.tar.xz /kept/
CMD ls -A /git /pinned /kept; stat -c '%u:%g' /unpacked/file; stat -c '%a %Y' /plain
`,
  });
  expect(await build('-t', 'added', context)).toMatchObject({ code: 0 });
  expect(await output('added')).toBe('/git:\n.git\nfile\n\n/kept:\nx.tar.xz\n\n/pinned:\nfile\n5:6\n644 1420070400\n');
  // What is as it was is not sent again, and what is pinned is not even asked for.
  server.sent.length = 0;
  const again = await build('-t', 'added', context);
  expect(again.text.match(/CACHED/g)).toHaveLength(5);
  expect(server.sent).toEqual([]);
  server.close();
  const pinned = await rig.contextOf({
    Dockerfile: `FROM busybox\nADD --checksum=sha256:${checksum} --chmod=644 ${address}/plain /plain\n`,
  });
  const refused = await build(pinned);
  expect(refused.text).toContain('cannot be fetched');
  const wrong = await rig.contextOf({
    Dockerfile: `FROM busybox\nADD --checksum=${'a'.repeat(40)} ${repository.url} /x\n`,
  });
  expect((await build(wrong)).text).toContain(`there is no commit ${'a'.repeat(40)}`);
});

test('named contexts stand for files, stages and images', async () => {
  const files = await rig.contextOf({ f: 'named\n', 'sub/g': '', '.dockerignore': 'sub\n' });
  const context = await rig.contextOf({
    Dockerfile: `FROM nosuch.example/base AS base
FROM replaced AS stage
RUN exit 1
FROM base
COPY --from=files / /files
COPY --from=stage /f /stage
RUN --mount=from=files,target=/m cp /m/f /mounted
CMD ls -A /files; cat /stage /mounted
`,
  });
  const contexts = ['base=docker-image://busybox', `files=${files}`, `stage=${files}`];
  const built = await build('-t', 'named', ...contexts.flatMap((text) => ['--build-context', text]), context);
  expect(built).toMatchObject({ code: 0 });
  expect(await output('named')).toBe('.dockerignore\nf\nnamed\nnamed\n');
});

test('a linked copy is the same layer over another base, and is not made again', async () => {
  const folder = await rig.contextOf({ 'd/f': 'linked\n', 'd/s/g': '' });
  const write = (before: string): Promise<void> =>
    writeFile(
      join(folder, 'Dockerfile'),
      `FROM busybox
RUN ${before}
COPY --link --chown=user d /l/d/
RUN echo after >> /l/d/f
CMD cat /l/d/f; stat -c '%u:%g %a' /l /l/d /l/d/s/g
`,
    );
  await write('echo one > /one');
  expect(await build('-t', 'linked', folder)).toMatchObject({ code: 0 });
  const expected = 'linked\nafter\n1000:1000 755\n1000:1000 755\n1000:1000 644\n';
  expect(await output('linked')).toBe(expected);
  const first = (await rig.inspect('linked')).RootFS.Layers;
  await write('ln -s /one /l');
  const again = await build('-t', 'linked', folder);
  expect(again.text).toMatch(/#4 \[3\/4\] COPY --link[^]*\n#4 CACHED/);
  expect(await output('linked')).toBe(expected);
  const second = (await rig.inspect('linked')).RootFS.Layers;
  expect(second[1]).not.toBe(first[1]);
  expect(second[2]).toBe(first[2]);
  await writeFile(join(folder, 'd/f'), 'changed\n');
  expect(await build('-t', 'linked', folder)).toMatchObject({ code: 0 });
  expect(await output('linked')).toBe(expected.replace('linked', 'changed'));
});
