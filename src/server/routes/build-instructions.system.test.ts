import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type BuildRig, openBuildRig } from '../../../test/support/build-rig.ts';

let rig: BuildRig;

beforeAll(async () => {
  rig = await openBuildRig();
});
afterAll(async () => rig[Symbol.asyncDispose]());

test('each instruction ends in the config, the tree and the history', async () => {
  const built = await rig.build(
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
  const { Config: config, Author: author, Id: id } = await rig.inspect('all');
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
  expect((await rig.engine.docker('run', '--rm', 'all')).stdout).toBe('1\n');
  const history = await rig.engine.docker('history', '--no-trunc', '--format', '{{.CreatedBy}}', 'all');
  const lines = history.stdout.split('\n').map((line) => line.trimEnd());
  expect(lines).toContain('/bin/sh -ec #(nop)  CMD ["made"]');
  expect(lines).toContain('/bin/sh -c #(nop)  ENV ONE=1 TWO=two words');
  expect(lines).toContain('/bin/sh -c #(nop) WORKDIR /work/sub');
  expect(lines).toContain('|1 A=1 sh -c echo $ONE > made');
  expect(lines.find((line) => /^\/bin\/sh -c #\(nop\) COPY file:[0-9a-f]{64} in \.$/.test(line))).toBeDefined();
});

test('ONBUILD runs in the next build and is gone from its image', async () => {
  await rig.build(
    { Dockerfile: 'FROM busybox\nONBUILD COPY file /file\nONBUILD RUN echo triggered >> /file\n' },
    '-t',
    'parent',
  );
  const built = await rig.build({ Dockerfile: 'FROM parent\nCMD cat /file\n', file: 'mine\n' }, '-t', 'child');
  expect(built.stdout).toContain('# Executing 2 build triggers');
  expect((await rig.engine.docker('run', '--rm', 'child')).stdout).toBe('mine\ntriggered\n');
  expect((await rig.inspect('child')).Config['OnBuild'] ?? null).toBeNull();
  const failed = await rig.build({ Dockerfile: 'ARG A\nFROM parent\n' });
  expect(failed.stderr).toContain('parent has every build on top of it do this: ONBUILD COPY file /file');
  expect(failed.stderr).toContain('> 2 | FROM parent');
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
  const printed = await rig.buildAndRun(files);
  expect(printed).toBe('one\ntwo\n0:0 /all/group\n5:6 /all/one\n7:8 /all/owned\n0:0 /all/two\n');
  const target = await rig.build(files, '--target', 'SECOND');
  expect(target.stdout).not.toContain('Step 6/');
  const wrong = await rig.build(files, '--target', 'secnd');
  expect(wrong.stderr).toContain('target stage "secnd" could not be found (did you mean second?)');
});

test('ARG before FROM chooses the base, and is known to a stage that names it', async () => {
  const printed = await rig.buildAndRun({
    Dockerfile: 'ARG TAG=latest\nARG X=outer\nFROM busybox:${TAG}\nARG X\nENV Y=${X:-none}\nCMD echo $Y\n',
  });
  expect(printed).toBe('outer\n');
});

test('heredocs: scripts, programs and files', async () => {
  const printed = await rig.buildAndRun({
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
  const folder = await rig.contextOf({
    Dockerfile: `FROM busybox
RUN --mount=type=bind,source=list,target=/mnt/list --mount=type=cache,target=/cache cat /mnt/list >> /cache/seen && cat /cache/seen > /seen
RUN ls /mnt /cache > /left 2>&1; true
CMD cat /seen /left
`,
    list: 'a\n',
  });
  const cache = await rig.buildAndRun(folder);
  expect(cache).toBe('a\nls: /mnt: No such file or directory\nls: /cache: No such file or directory\n');
  await writeFile(join(folder, 'list'), 'b\n');
  expect(await rig.buildAndRun(folder)).toContain('a\nb\n');
});

test('an image from scratch has only what was copied', async () => {
  await rig.build({ Dockerfile: 'FROM scratch\nCOPY hello /\nLABEL a=b\n', hello: 'hi' }, '-t', 'tiny');
  expect((await rig.inspect('tiny')).RootFS.Layers).toHaveLength(1);
  const empty = await rig.build({ Dockerfile: 'FROM scratch\nLABEL only=this\n' }, '-t', 'nothing');
  expect(empty).toMatchObject({ code: 0 });
  expect((await rig.inspect('nothing')).Config['Labels']).toEqual({ only: 'this' });
});

test('limits, hosts, networks and labels of the command reach the steps', async () => {
  const flags = [
    '--add-host',
    'there:1.2.3.4',
    '--network',
    'none',
    '--ulimit',
    'nofile=100:100',
    '--shm-size',
    '8m',
    '--label',
    'x=a b$c',
    '-t',
    'limited',
  ];
  const { code, stdout } = await rig.build(
    { Dockerfile: 'FROM busybox\nRUN cat /etc/hosts && ip -o link && ulimit -n && df -k /dev/shm\n' },
    ...flags,
  );
  expect(code).toBe(0);
  expect(stdout).toMatch(/1\.2\.3\.4\s+there/);
  expect(stdout).not.toContain('eth0');
  expect(stdout).toMatch(/^100$/m);
  expect(stdout).toMatch(/shm\s+8192/);
  expect((await rig.inspect('limited')).Config['Labels']).toEqual({ x: 'a b$c' });
});
