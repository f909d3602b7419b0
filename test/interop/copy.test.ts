import { createReadStream } from 'node:fs';
import { chmod, link, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { run } from '#lib/run.ts';
import { type Buildx, findBuildx, openBuildx } from '../support/buildx.ts';
import { type CommandResult, startEngine, type TestEngine } from '../support/engine.ts';
import { readTree } from '../support/image-archive.ts';
import { COMMON, COPY_CASES, type CopyCase, LINKS } from './copy-cases.ts';
import { noPeer, openPeer, type Peer } from './peer.ts';

const buildx = await findBuildx();
const reason = noPeer ?? (buildx === undefined ? 'the docker client has no plugin buildx' : undefined);

describe.skipIf(reason !== undefined)(`copies beside BuildKit's${reason === undefined ? '' : ` (${reason})`}`, () => {
  let engine: TestEngine;
  let peer: Peer;
  let client: Buildx;
  let folder: string;

  beforeAll(async () => {
    folder = await mkdtemp('/tmp/b-copies-');
    engine = await startEngine();
    peer = await openPeer();
    client = await openBuildx(engine, buildx ?? '');
    await writeFiles(join(folder, 'links'), LINKS);
    await writeFiles(join(folder, 'archives'), COMMON);
    await run(['tar', '-C', join(folder, 'links'), '-cf', join(folder, 'links.tar'), '.']);
    await run(['tar', '-C', join(folder, 'archives'), '--owner=7', '--group=8', '-cf', join(folder, 'd.tar'), 'd']);
    for (const [program, end] of [
      ['gzip', 'gz'],
      ['bzip2', 'bz2'],
      ['zstd', 'zst'],
    ] as const)
      await run(['sh', '-c', `${program} -c "$1" > "$1.${end}"`, 'sh', join(folder, 'd.tar')]);
    await writeFile(join(folder, 'broken.gz'), '\x1f\x8bnot really');
  });

  afterAll(async () => {
    await client?.[Symbol.asyncDispose]();
    await peer?.[Symbol.asyncDispose]();
    await engine?.[Symbol.asyncDispose]();
    await rm(folder, { recursive: true, force: true });
  });

  async function contextOf({ dockerfile, files = COMMON }: CopyCase): Promise<string> {
    const context = join(folder, 'context');
    await rm(context, { recursive: true, force: true });
    await writeFiles(context, { '.dockerignore': 'Dockerfile\n.dockerignore\n', ...files });
    const text = dockerfile.includes('FROM scratch') ? dockerfile : `FROM scratch\n${dockerfile}`;
    await writeFile(join(context, 'Dockerfile'), text);
    for (const name of ['links.tar', 'd.tar', 'd.tar.gz', 'd.tar.bz2', 'd.tar.zst', 'broken.gz'])
      if (text.includes(name)) await run(['cp', join(folder, name), context]);
    return context;
  }

  const place = (): string => join(folder, 'tree.tar');
  const theirs = (context: string): Promise<CommandResult> =>
    client.run(['build', '-o', `type=tar,dest=${place()}`, context], { env: { DOCKER_HOST: peer.host } });
  /** The context is sent, or read where it lies. */
  const ours = [
    (context: string) => client.run(['build', '-o', `type=tar,dest=${place()}`, context]),
    (context: string) => engine.berth('build', '-o', `type=tar,dest=${place()}`, context),
  ];

  /** A line for each path; undefined if the build fails. */
  async function treeOf(build: Promise<CommandResult>): Promise<string[] | undefined> {
    const { code } = await build;
    if (code !== 0) return undefined;
    const tree = await readTree(createReadStream(place()));
    return [...tree].map(([name, line]) => `${name}: ${line.replace(/^(\w+ .*) \d+$/, '$1')}`).toSorted();
  }

  test.each(Object.entries(COPY_CASES))('%s', async (_, one) => {
    const context = await contextOf(one);
    const expected = await treeOf(theirs(context));
    expect(expected === undefined).toBe(one.isRefused === true);
    for (const build of ours) expect(await treeOf(build(context))).toEqual(expected);
  });
});

async function writeFiles(folder: string, files: Readonly<Record<string, string>>): Promise<void> {
  for (const [name, text] of Object.entries(files)) {
    const path = join(folder, name);
    const [, mode] = /^mode (\d+)$/.exec(text) ?? [];
    await mkdir(mode === undefined ? dirname(path) : path, { recursive: true });
    if (mode !== undefined) await chmod(path, Number.parseInt(mode, 8));
    else if (text === 'fifo') await run(['mkfifo', path]);
    else if (text.startsWith('-> ')) await symlink(text.slice(3), path);
    else if (text.startsWith('= ')) await link(join(folder, text.slice(2)), path);
    else await writeFile(path, text);
  }
}
