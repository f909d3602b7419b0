import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { importBusybox } from '../support/base-image.ts';
import { type Buildx, findBuildx, openBuildx } from '../support/buildx.ts';
import { type CommandResult, startEngine, type TestEngine } from '../support/engine.ts';
import { BUILD_CASES, type BuildCase } from './build-cases.ts';
import { type Docker, imageFacts } from './image-facts.ts';
import { noPeer, openPeer, type Peer } from './peer.ts';
import { RUN_CASES } from './run-cases.ts';

const buildx = await findBuildx();
const reason = noPeer ?? (buildx === undefined ? 'the docker client has no plugin buildx' : undefined);

describe.skipIf(reason !== undefined)(`builds beside BuildKit${reason === undefined ? '' : ` (${reason})`}`, () => {
  let engine: TestEngine;
  let peer: Peer;
  let client: Buildx;
  let folder: string;
  const ours: Docker = (...words) => client.run(words);
  const theirs: Docker = (...words) => client.run(words, { env: { DOCKER_HOST: peer.host } });

  beforeAll(async () => {
    folder = await mkdtemp('/tmp/b-interop-');
    // What the host trusts besides is no part of what BuildKit gives to steps.
    engine = await startEngine({ flags: ['--host-ca', 'off'] });
    peer = await openPeer();
    client = await openBuildx(engine, buildx ?? '');
    await importBusybox(engine);
    await must(ours('save', '-o', join(folder, 'busybox.tar'), 'busybox'));
    await must(theirs('load', '-i', join(folder, 'busybox.tar')));
  });

  afterAll(async () => {
    await theirs('rmi', '-f', 'interop-build:case');
    await client?.[Symbol.asyncDispose]();
    await peer?.[Symbol.asyncDispose]();
    await engine?.[Symbol.asyncDispose]();
    await rm(folder, { recursive: true, force: true });
  });

  async function contextOf({ dockerfile, files = {} }: BuildCase): Promise<string> {
    const context = join(folder, 'context');
    await rm(context, { recursive: true, force: true });
    for (const [name, text] of Object.entries({ ...files, Dockerfile: dockerfile })) {
      await mkdir(dirname(join(context, name)), { recursive: true });
      await writeFile(join(context, name), text);
    }
    return context;
  }

  test.each(Object.entries({ ...BUILD_CASES, ...RUN_CASES }))('%s', async (_, one) => {
    const context = await contextOf(one);
    const words = ['build', '--provenance=false', '-t', 'interop-build:case', ...(one.flags ?? []), context];
    const [mine, other] = [await ours(...words), await theirs(...words)];
    expect(mine.code, mine.stderr).toBe(other.code);
    if (other.code !== 0) return;
    const found = await imageFacts(ours, 'interop-build:case', folder);
    const expected = await imageFacts(theirs, 'interop-build:case', folder);
    expect(found).toEqual(expected);
  });
});

async function must(result: Promise<CommandResult>): Promise<string> {
  const { code, stdout, stderr } = await result;
  expect(code, stderr).toBe(0);
  return stdout;
}
