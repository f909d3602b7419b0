import { once } from 'node:events';
import { createReadStream } from 'node:fs';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { run } from '#lib/run.ts';
import type { BuildRig } from '../../../test/support/build-rig.ts';
import { type Buildx, type BuildxRig, findBuildx, openBuildxRig } from '../../../test/support/buildx.ts';
import type { CommandResult } from '../../../test/support/engine.ts';

const path = await findBuildx();

async function isSleeping(): Promise<boolean> {
  return (await run(['pgrep', '-fx', 'sleep 986'], { allowFailure: true })).code === 0;
}

describe.skipIf(path === undefined)('the docker client with buildx (needs its plugin, or BERTH_BUILDX)', () => {
  let own: BuildxRig;
  let rig: BuildRig;
  let buildx: Buildx;
  let build: BuildxRig['build'];

  beforeAll(async () => {
    own = await openBuildxRig(path ?? '');
    ({ rig, buildx, build } = own);
  });
  afterAll(async () => own[Symbol.asyncDispose]());

  test('a build shows its steps and what they write, and the image runs', async () => {
    const folder = await rig.contextOf({
      Dockerfile:
        'FROM busybox\nARG WHO=nobody\nCOPY file /file\nRUN <<EOF\necho hello $WHO\necho oops >&2\nEOF\nENV A=b\nCMD cat /file\n',
      file: 'content',
    });
    const built = await build(folder, '-t', 'shown', '--build-arg', 'WHO=world', '--label', 'l=v');
    expect(built).toMatchObject({ code: 0 });
    for (const line of [
      /\[internal\] load build definition from Dockerfile/,
      /\[internal\] load build context/,
      /\[1\/3\] FROM busybox/,
      /\[2\/3\] COPY file \/file/,
      /\[3\/3\] RUN <<EOF \(echo hello \$WHO\.\.\.\)/,
      /\d hello world$/m,
      /\d oops$/m,
      /naming to docker\.io\/library\/shown/,
    ])
      expect(built.stderr).toMatch(line);
    expect(built.stderr).not.toContain('ENV A=b');
    expect((await rig.engine.docker('run', '--rm', 'shown')).stdout).toBe('content');
    expect((await rig.inspect('shown')).Config).toMatchObject({ Labels: { l: 'v' } });
    const again = await build(folder, '-t', 'shown', '--build-arg', 'WHO=world', '--label', 'l=v');
    expect(again.stderr.match(/CACHED/g)).toHaveLength(2);
    const quiet = await buildx.run(['build', '-q', '--build-arg', 'WHO=world', '--label', 'l=v', folder]);
    expect(quiet.stdout.trim()).toBe((await rig.inspect('shown')).Id);
  });

  test('a build that fails shows the lines and ends with 1', async () => {
    const failed = await build({ Dockerfile: 'FROM busybox\nRUN echo before && exit 7\nRUN true\n' });
    expect(failed.code).toBe(1);
    expect(failed.stderr).toContain('   2 | >>> RUN echo before && exit 7');
    expect(failed.stderr).toContain(
      'process "/bin/sh -c echo before && exit 7" did not complete successfully: exit code: 7',
    );
    const { stdout: inspected } = await buildx.run(['buildx', 'history', 'inspect']);
    expect(inspected).toContain('   2 | >>> RUN echo before && exit 7');
    const unread = await build({ Dockerfile: 'FROM busybox\nCOPPY a b\n' });
    expect(unread.code).toBe(1);
    expect(unread.stderr).toContain('   2 | >>> COPPY a b');
    expect(unread.stderr).toContain('unknown instruction: COPPY (did you mean COPY?)');
    const long = `FROM busybox\n${'# a comment that goes on and on\n'.repeat(8000)}RUN false\n`;
    expect((await build({ Dockerfile: long })).stderr).toContain('8002 | >>> RUN false');
  });

  test('what is asked about a Dockerfile is answered without a build', async () => {
    const folder = await rig.contextOf({
      Dockerfile:
        '# the base\nFROM busybox AS base\nARG COLOR=red\nFROM base AS app\nRUN --mount=type=secret,id=key true\n',
    });
    const call = async (...words: string[]): Promise<CommandResult> => buildx.run(['build', ...words, folder]);
    expect((await call('--call', 'outline')).stdout).toMatch(/COLOR\s+red/);
    expect((await call('--call', 'outline')).stdout).toMatch(/SECRET.*\n.*key/);
    const targets = JSON.parse((await call('--call', 'targets,format=json')).stdout) as { targets: { name: string }[] };
    expect(targets.targets.map(({ name }) => name)).toEqual(['base', 'app']);
    const doubtful = await rig.contextOf({ Dockerfile: 'FROM busybox as x\nRUN echo $NOPE\nWORKDIR relative\n' });
    const checked = await buildx.run(['build', '--check', doubtful]);
    expect(checked.code).toBe(1);
    expect(checked.stdout).toContain('FromAsCasing');
    const built = await build(doubtful);
    expect(built.code).toBe(0);
    expect(built.stderr).toMatch(/FromAsCasing: .*\(line 1\)/);
    const listed = await buildx.run(['buildx', 'history', 'ls', '--format', 'json']);
    expect(listed.stdout.trim().split('\n').length).toBeLessThan(9);
  });

  test('a secret is in its step and nowhere else', async () => {
    const secret = 'kept-by-the-client-alone';
    const folder = await rig.contextOf({
      Dockerfile: 'FROM busybox\nRUN --mount=type=secret,id=key wc -c < /run/secrets/key > /size\nCMD cat /size\n',
    });
    const env = { KEY: secret };
    const built = await buildx.run(['build', '-q', '--secret', 'id=key,env=KEY', '-t', 'secretive', folder], { env });
    expect(built).toMatchObject({ code: 0 });
    expect((await rig.engine.docker('run', '--rm', 'secretive')).stdout.trim()).toBe(String(secret.length));
    const found = await run(['grep', '-rl', secret, rig.engine.dataRoot], { allowFailure: true });
    expect(found.stdout).toBe('');
  });

  test('outputs go to the client, several at once', async () => {
    const folder = await rig.contextOf({ Dockerfile: 'FROM scratch\nCOPY a sub/b /out/\n', a: 'A', 'sub/b': 'B' });
    const target = await rig.contextOf({});
    const outputs = [
      `type=local,dest=${target}/tree`,
      `type=tar,dest=${target}/files.tar`,
      `type=oci,dest=${target}/oci.tar`,
    ];
    const flags = [...outputs, 'type=image,name=also'].flatMap((output) => ['-o', output]);
    const built = await build(folder, ...flags, '--metadata-file', join(target, 'facts.json'));
    expect(built).toMatchObject({ code: 0 });
    expect((await readdir(join(target, 'tree/out'))).toSorted()).toEqual(['a', 'b']);
    expect(await readFile(join(target, 'tree/out/b'), 'utf8')).toBe('B');
    expect((await run(['tar', 'tf', join(target, 'files.tar')])).stdout).toContain('out/a');
    expect((await run(['tar', 'tf', join(target, 'oci.tar')])).stdout).toContain('index.json');
    const facts = JSON.parse(await readFile(join(target, 'facts.json'), 'utf8')) as Record<string, unknown>;
    expect(facts).toMatchObject({ 'image.name': 'docker.io/library/also:latest' });
    expect(facts['containerimage.digest']).toMatch(/^sha256:/);
    expect(facts['buildx.build.provenance']).toMatchObject({
      invocation: { configSource: { entryPoint: 'Dockerfile' } },
    });
    expect((await rig.inspect('also')).Id).toBe(facts['containerimage.config.digest']);
  });

  test('a Dockerfile and a context come from standard input', async () => {
    const text = await buildx.run(['build', '-q', '-'], {
      input: 'FROM busybox\nRUN echo piped > /piped\nCMD cat /piped\n',
    });
    expect(text).toMatchObject({ code: 0 });
    expect((await rig.engine.docker('run', '--rm', text.stdout.trim())).stdout).toBe('piped\n');
    const folder = await rig.contextOf({ Dockerfile: 'FROM busybox\nCOPY a /a\nCMD cat /a\n', a: 'packed' });
    const packed = await rig.engine.command(['sh', '-c', `tar -C ${folder} -cz . > ${folder}.tgz`]);
    expect(packed.code).toBe(0);
    const words = ['sh', '-c', `docker buildx build -q - < ${folder}.tgz; code=$?; rm ${folder}.tgz; exit $code`];
    const unpacked = await rig.engine.command(words, { env: buildx.env });
    expect(unpacked).toMatchObject({ code: 0 });
    expect((await rig.engine.docker('run', '--rm', unpacked.stdout.trim())).stdout).toBe('packed');
  });

  test('targets of a bake file build on each other', async () => {
    const folder = await rig.contextOf({
      'docker-bake.json': JSON.stringify({
        target: {
          base: { 'dockerfile-inline': 'FROM busybox\nRUN echo from-base > /base\nENV WHERE=base\n' },
          app: {
            contexts: { mybase: 'target:base' },
            'dockerfile-inline': 'FROM mybase\nCOPY --from=mybase /base /copied\nCMD echo $WHERE; cat /copied\n',
            tags: ['baked'],
          },
        },
      }),
    });
    const baked = await buildx.run(['buildx', 'bake', 'app', '--progress=plain'], { cwd: folder });
    expect(baked).toMatchObject({ code: 0 });
    expect((await rig.engine.docker('run', '--rm', 'baked')).stdout).toBe('base\nfrom-base\n');
  });

  test('bake files, Dockerfiles and contexts come from addresses', async () => {
    const folder = await rig.contextOf({
      'work/Dockerfile': 'FROM busybox\nCOPY here /here\nCMD cat /here\n',
      'work/docker-bake.json': '{"target":{"default":{"tags":["fetched"]}}}',
      'work/here': 'from the repository',
      Dockerfile: 'FROM busybox\nRUN echo by-address > /made\nCMD cat /made\n',
    });
    const git = 'git -c user.name=a -c user.email=a@b';
    const commands = `cd work && git init -q && git add . && ${git} commit -qm x && cd .. && git clone -q --bare work r.git`;
    await run(['sh', '-c', `${commands} && cd r.git && git update-server-info`], { cwd: folder });
    const server = createServer((request, response) => {
      const file = createReadStream(join(folder, new URL(request.url ?? '/', 'http://x').pathname));
      file.on('error', () => response.writeHead(404).end()).pipe(response);
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    expect(await buildx.run(['buildx', 'bake', `${address}/r.git`])).toMatchObject({ code: 0 });
    expect((await rig.engine.docker('run', '--rm', 'fetched')).stdout).toBe('from the repository');
    const named = await buildx.run(['build', '-q', '-f', `${address}/Dockerfile`, join(folder, 'work')]);
    expect((await rig.engine.docker('run', '--rm', named.stdout.trim())).stdout).toBe('by-address\n');
    server.close();
  });

  test('a client that is interrupted cancels its build', async () => {
    const folder = await rig.contextOf({ Dockerfile: 'FROM busybox\nRUN sleep 986\n' });
    const leave = new AbortController();
    const building = buildx.run(['build', folder], { signal: leave.signal }).catch(() => {});
    await expect.poll(isSleeping, { timeout: 20_000 }).toBe(true);
    leave.abort();
    await building;
    await expect.poll(isSleeping, { timeout: 20_000 }).toBe(false);
    const status = async (): Promise<string> => (await buildx.run(['buildx', 'history', 'inspect'])).stdout;
    await expect.poll(status, { timeout: 20_000 }).toMatch(/Status:\s+Canceled/);
  });

  test('what was built can be looked at, and what is kept removed', async () => {
    await build({ Dockerfile: 'FROM busybox\nRUN echo remembered\n' }, '--no-cache');
    const ls = async (): Promise<string[]> =>
      (await buildx.run(['buildx', 'history', 'ls', '--format', '{{.Ref}}'])).stdout.trim().split('\n');
    const [ref = '', ...others] = await ls();
    expect((await buildx.run(['buildx', 'history', 'logs', ref])).stderr).toMatch(/\d remembered$/m);
    expect((await buildx.run(['buildx', 'history', 'inspect', ref])).stdout).toMatch(/Build Steps:\s+\d/);
    expect(await buildx.run(['buildx', 'history', 'rm', ref])).toMatchObject({ code: 0 });
    expect(await ls()).toEqual(others);
    expect((await buildx.run(['buildx', 'inspect'])).stdout).toContain('worker.snapshotter');
    expect((await buildx.run(['buildx', 'du'])).stdout).toMatch(/Total:\s+\d/);
    expect((await buildx.run(['buildx', 'prune', '-af'])).stdout).toMatch(/Total:\s+\d/);
    expect((await buildx.run(['buildx', 'du'])).stdout).toMatch(/Total:\s+0B/);
  });

  test('a context of thousands of files comes whole, and the next time only what changed', async () => {
    const folder = await rig.contextOf({ Dockerfile: 'FROM busybox\nCOPY . /all\nCMD cat /all/files/* | md5sum\n' });
    await mkdir(join(folder, 'files'));
    await run(['sh', '-c', 'seq 5000 | split -l 1 -a 3 - files/f'], { cwd: folder });
    const sums = async (name: string): Promise<string[]> => [
      (await rig.engine.docker('run', '--rm', name)).stdout,
      (await run(['sh', '-c', 'cat files/* | md5sum'], { cwd: folder })).stdout,
    ];
    expect(await build(folder, '-t', 'many')).toMatchObject({ code: 0 });
    expect(new Set(await sums('many')).size).toBe(1);
    await writeFile(join(folder, 'files/fabc'), 'changed');
    const again = await build(folder, '-t', 'many');
    expect(/transferring context: ([\d.]+)kB/.exec(again.stderr)?.[1]).toSatisfy(
      (kilobytes) => Number(kilobytes) < 300,
    );
    expect(new Set(await sums('many')).size).toBe(1);
  });

  test('ten builds at a time do not disturb each other', async () => {
    const folder = await rig.contextOf({
      Dockerfile: 'FROM busybox\nARG N\nCOPY . /all\nRUN echo $N > /n\nCMD cat /n /all/a\n',
      a: 'A',
    });
    const built = await Promise.all(
      Array.from({ length: 10 }, (_, number) => buildx.run(['build', '-q', '--build-arg', `N=${number}`, folder])),
    );
    expect(built.map(({ code }) => code)).toEqual(Array.from({ length: 10 }, () => 0));
    expect(new Set(built.map(({ stdout }) => stdout)).size).toBe(10);
    expect((await rig.engine.docker('run', '--rm', built[7]?.stdout.trim() ?? '')).stdout).toBe('7\nA');
  });

  test('a client that speaks HTTP/2 from the first byte builds too', async () => {
    const socket = `unix://${rig.engine.socket}`;
    expect(await buildx.run(['buildx', 'create', '--name', 'direct', '--driver', 'remote', socket])).toMatchObject({
      code: 0,
    });
    const folder = await rig.contextOf({ Dockerfile: 'FROM busybox\nCOPY a /a\nCMD cat /a\n', a: 'direct' });
    const built = await buildx.run(['buildx', 'build', '--builder', 'direct', '--load', '-t', 'direct', folder]);
    expect(built).toMatchObject({ code: 0 });
    expect((await rig.engine.docker('run', '--rm', 'direct')).stdout).toBe('direct');
    await buildx.run(['buildx', 'rm', 'direct']);
  });

  test('what is not built is refused with a way out', async () => {
    const foreign = await build(
      { Dockerfile: 'FROM busybox\n' },
      '--build-arg',
      'BUILDKIT_SYNTAX=example.com/frontend:1',
    );
    expect(foreign.stderr).toContain('example.com/frontend');
    const cache = await build({ Dockerfile: 'FROM busybox\n' }, '--cache-to', 'type=azblob,name=x');
    expect(cache.code).toBe(1);
    expect(cache.stderr).toContain('azblob');
    const bare = await rig.engine.request('POST', '/grpc');
    expect([bare.status, bare.text]).toEqual([400, expect.stringContaining('h2c')]);
  });
});
