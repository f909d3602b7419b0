import { mkdtempDisposable } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { importBusybox } from '../support/base-image.ts';
import { type CommandResult, startEngine, type TestEngine } from '../support/engine.ts';
import { noPeer, openPeer, type Peer } from './peer.ts';

const DOCKERFILE = `FROM busybox
ENV GREETING="hello there"
RUN mkdir /app && echo one > /app/one && ln /app/one /app/two && ln -s one /app/three && chown 7:8 /app/two
RUN rm /app/three && echo more >> /app/one && touch "/app/a name with spaces"
COPY data /app/data
WORKDIR /app
LABEL a=b
CMD cat one && ls -ln
`;
const FACTS = '{{json .RootFS}} {{json .Config.Env}} {{json .Config.Cmd}} {{.Config.WorkingDir}} {{json .Config.Labels}} {{.Os}}/{{.Architecture}}'; // prettier-ignore

async function must(result: Promise<CommandResult>): Promise<string> {
  const { code, stdout, stderr } = await result;
  expect(code, stderr).toBe(0);
  return stdout;
}

/** What `ls -l` shows, but for the blocks of the file system and the size of folders, which each file system counts in its way. */
function withoutBlocks(listing: string): string {
  return listing.replace(/^total \d+$/gm, 'total').replace(/^(d\S+ +\d+ +\d+ +\d+) +\d+/gm, '$1');
}

describe.skipIf(noPeer !== undefined)(`images beside Docker${noPeer === undefined ? '' : ` (${noPeer})`}`, () => {
  let engine: TestEngine;
  let peer: Peer;
  let folder: AsyncDisposable & { path: string };
  const theirs = (...args: string[]): Promise<CommandResult> =>
    engine.command(['docker', ...args], { env: { DOCKER_HOST: peer.host } });
  const ours = (...args: string[]): Promise<CommandResult> => engine.docker(...args);

  beforeAll(async () => {
    folder = await mkdtempDisposable('/tmp/b-interop-');
    engine = await startEngine();
    peer = await openPeer();
    await importBusybox(engine);
    await must(ours('save', '-o', join(folder.path, 'busybox.tar'), 'busybox'));
    await must(theirs('load', '-i', join(folder.path, 'busybox.tar')));
    const context = join(folder.path, 'context');
    await must(engine.command(['sh', '-c', `mkdir -p ${context}/data/d && echo x >${context}/data/d/f && cat >${context}/Dockerfile`], { input: DOCKERFILE })); // prettier-ignore
  });

  afterAll(async () => {
    await theirs('rmi', '-f', 'interop:ours', 'interop:theirs', 'busybox');
    await peer?.[Symbol.asyncDispose]();
    await engine?.[Symbol.asyncDispose]();
    await folder?.[Symbol.asyncDispose]();
  });

  test('what Berth builds and saves has the same id in Docker, runs there alike, and comes back the same', async () => {
    await must(ours('build', '-q', '-t', 'interop:ours', join(folder.path, 'context')));
    const archive = join(folder.path, 'ours.tar');
    await must(ours('save', '-o', archive, 'interop:ours'));
    await must(theirs('load', '-i', archive));
    const id = await must(ours('images', '-q', '--no-trunc', 'interop:ours'));
    expect(await must(theirs('images', '-q', '--no-trunc', 'interop:ours'))).toBe(id);
    expect(await must(theirs('inspect', '-f', FACTS, 'interop:ours'))).toBe(await must(ours('inspect', '-f', FACTS, 'interop:ours'))); // prettier-ignore
    expect(await must(theirs('run', '--rm', 'interop:ours'))).toBe(await must(ours('run', '--rm', 'interop:ours')));
    const back = join(folder.path, 'back.tar');
    await must(theirs('save', '-o', back, 'interop:ours'));
    await must(ours('rmi', '-f', 'interop:ours'));
    await must(ours('load', '-i', back));
    expect(await must(ours('images', '-q', '--no-trunc', 'interop:ours'))).toBe(id);
  });

  test('what Docker builds and saves has the same id in Berth, runs alike, and goes back the same', async () => {
    await must(theirs('build', '-q', '-t', 'interop:theirs', join(folder.path, 'context')));
    const archive = join(folder.path, 'theirs.tar');
    await must(theirs('save', '-o', archive, 'interop:theirs'));
    await must(ours('load', '-i', archive));
    const id = await must(theirs('images', '-q', '--no-trunc', 'interop:theirs'));
    expect(await must(ours('images', '-q', '--no-trunc', 'interop:theirs'))).toBe(id);
    expect(await must(ours('inspect', '-f', FACTS, 'interop:theirs'))).toBe(await must(theirs('inspect', '-f', FACTS, 'interop:theirs'))); // prettier-ignore
    const listing = await must(theirs('run', '--rm', 'interop:theirs'));
    expect(withoutBlocks(await must(ours('run', '--rm', 'interop:theirs')))).toBe(withoutBlocks(listing));
    const back = join(folder.path, 'back.tar');
    await must(ours('save', '-o', back, 'interop:theirs'));
    await must(theirs('rmi', '-f', 'interop:theirs'));
    await must(theirs('load', '-i', back));
    expect(await must(theirs('images', '-q', '--no-trunc', 'interop:theirs'))).toBe(id);
    expect(await must(theirs('run', '--rm', 'interop:theirs'))).toBe(listing);
  });

  test('both build the same tree of a Dockerfile', async () => {
    const list =
      'cd / && find app -exec ls -ldn {} + | sed "s/ [A-Z][a-z][a-z] .*:[0-9]* / /"; cat app/one app/data/d/f';
    const look = (image: string): string[] => ['run', '--rm', image, 'sh', '-c', list];
    expect(await must(ours(...look('interop:ours')))).toBe(await must(theirs(...look('interop:theirs'))));
  });
});
