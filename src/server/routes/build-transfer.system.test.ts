import { mkdtempDisposable, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { hasRegistry, startTestRegistry, type TestRegistry } from '#registry/client/test-registry.ts';
import { type BuildRig, openBuildRig } from '../../../test/support/build-rig.ts';

let one: BuildRig;
let two: BuildRig;
let registry: TestRegistry | undefined;
let scratch: Awaited<ReturnType<typeof mkdtempDisposable>>;

const FILES = {
  Dockerfile: `FROM busybox AS made
RUN --mount=type=cache,id=kept,target=/c cat /proc/sys/kernel/random/uuid | tee /c/id > /when
RUN true
FROM busybox
COPY file /file
ENV A=b
WORKDIR /work
COPY --from=made /when /when
RUN cat /when /file > /both
CMD cat /both
`,
  file: 'x',
};

beforeAll(async () => {
  scratch = await mkdtempDisposable('/tmp/b-transfer-');
  [one, two] = await Promise.all([openBuildRig(), openBuildRig()]);
  registry = hasRegistry ? await startTestRegistry() : undefined;
  const archive = join(scratch.path, 'base.tar');
  await one.engine.docker('save', '-o', archive, 'busybox');
  await two.engine.docker('load', '-i', archive);
});
afterAll(async () => {
  await registry?.[Symbol.asyncDispose]();
  await Promise.all([one[Symbol.asyncDispose](), two[Symbol.asyncDispose]()]);
  await scratch[Symbol.asyncDispose]();
});

/** Forgets what the second engine has of it. */
async function forget(): Promise<void> {
  await two.engine.docker('rmi', '-f', 'built');
  await two.engine.request('POST', '/build/prune?all=1');
}

async function build(
  rig: BuildRig,
  folder: string,
  ...flags: string[]
): Promise<{ code: number; text: string; id: string }> {
  const { code, stdout, stderr } = await rig.engine.berth(
    'build',
    '--progress=plain',
    '--explain',
    '-t',
    'built',
    ...flags,
    folder,
  );
  const id = code === 0 ? (await rig.inspect('built')).Id : '';
  return { code, text: `${stdout}${stderr}`, id };
}

function blob(digest: string): string {
  return `blobs/sha256/${digest.slice('sha256:'.length)}`;
}

/** Names of the cache mounts that a local cache has. */
async function mountsIn(place: string): Promise<string[]> {
  const read = async <T>(path: string): Promise<T> => JSON.parse(await readFile(join(place, path), 'utf8')) as T;
  const index = await read<{ manifests: { digest: string }[] }>('index.json');
  const manifest = await read<{ config: { digest: string } }>(blob(index.manifests[0]?.digest ?? ''));
  const { berthMounts = [] } = await read<{ berthMounts?: { id: string }[] }>(blob(manifest.config.digest));
  return berthMounts.map(({ id }) => id);
}

const count = (text: string, pattern: RegExp): number => text.match(pattern)?.length ?? 0;

test('a folder with a cache gives another engine each step, the same image, and the cache mounts', async () => {
  const folder = await one.contextOf(FILES);
  const place = join(scratch.path, 'local');
  const first = await build(one, folder, '--cache-to', `type=local,dest=${place},mode=max,mounts=true`);
  expect(first).toMatchObject({ code: 0 });
  const layout = JSON.parse(await readFile(join(place, 'index.json'), 'utf8')) as { manifests: object[] };
  expect(layout.manifests).toHaveLength(1);
  // Also what was not used this time, because nothing was done: here, and where it only came through.
  const [cached, passed] = [join(scratch.path, 'cached'), join(scratch.path, 'passed')];
  await build(one, folder, '--cache-to', `type=local,dest=${cached},mode=max,mounts=true`);
  expect(await mountsIn(cached)).toEqual(['kept']);
  const second = await build(
    two,
    folder,
    '--cache-from',
    `type=local,src=${place}`,
    '--cache-to',
    `type=local,dest=${passed},mounts=true`,
  );
  expect(await mountsIn(passed)).toEqual(['kept']);
  // The stage that only files are copied from is not looked at.
  expect(count(second.text, /taken from the cache/g)).toBe(4);
  expect(second.id).toBe(first.id);
  // Nothing but a file is taken from the first stage: its layer stays where it is.
  const left = JSON.parse((await two.engine.request('GET', '/system/df')).text) as {
    BuildCache: { Description: string }[];
  };
  expect(left.BuildCache.some(({ Description }) => Description.includes('random/uuid'))).toBe(false);
  expect(left.BuildCache.some(({ Description }) => Description.includes('> /both'))).toBe(true);
  const withMore = { ...FILES, Dockerfile: FILES.Dockerfile.replace('CMD', 'COPY --from=made /when /again\nCMD') };
  const more = await build(two, await two.contextOf(withMore), '--cache-from', `type=local,src=${place}`);
  expect(more.code, more.text).toBe(0);
  expect((await two.engine.docker('run', '--rm', 'built', 'cmp', '/when', '/again')).code).toBe(0);
  const again = await build(two, folder);
  expect(count(again.text, /as in an earlier build/g)).toBe(6);
  // The step that mounts it was not done there; one that is begins with what was exported.
  const mounting = { Dockerfile: 'FROM busybox\nRUN --mount=type=cache,id=kept,target=/c cp /c/id /id\nCMD cat /id\n' };
  const context = await two.contextOf(mounting);
  expect(await build(two, context, '--cache-from', `type=local,src=${place}`)).toMatchObject({ code: 0 });
  const kept = await two.engine.docker('run', '--rm', 'built');
  expect(kept.stdout).toBe((await one.engine.docker('run', '--rm', 'built', 'cat', '/when')).stdout);
  await forget();
});

test('layers of a cache that are not what they should be are not taken', async () => {
  const folder = await one.contextOf({ Dockerfile: 'FROM busybox\nRUN echo a > /a\nRUN echo b > /b\n' });
  const place = join(scratch.path, 'broken');
  expect(await build(one, folder, '--cache-to', `type=local,dest=${place},compression=uncompressed`)).toMatchObject({
    code: 0,
  });
  const blobs = join(place, 'blobs/sha256');
  for (const name of await readdir(blobs)) {
    const bytes = await readFile(join(blobs, name));
    if (bytes[0] === '{'.charCodeAt(0)) continue;
    bytes[600] = (bytes[600] ?? 0) ^ 1;
    await writeFile(join(blobs, name), bytes);
  }
  const built = await build(two, folder, '--cache-from', `type=local,src=${place}`);
  expect(built.code).toBe(0);
  expect(built.text).toContain('the cache');
  expect(count(built.text, /taken from the cache/g)).toBe(0);
  await rm(join(place, 'index.json'));
  const absent = await build(two, folder, '--no-cache', '--cache-from', `type=local,src=${place}`);
  expect(absent.code).toBe(0);
  expect(absent.text).toMatch(/is not used: there is no cache/);
  await forget();
});

test('a layer is taken only onto what it was made on', async () => {
  const first = 'FROM busybox\nRUN cat /proc/sys/kernel/random/uuid > /a\n';
  const place = join(scratch.path, 'other');
  const folder = await one.contextOf({ Dockerfile: `${first}RUN cp /a /b\nCMD cmp /a /b\n` });
  await build(one, folder, '--cache-to', `type=local,dest=${place}`);
  expect((await build(two, await two.contextOf({ Dockerfile: first }))).code).toBe(0);
  const built = await build(two, folder, '--cache-from', `type=local,src=${place}`);
  expect(count(built.text, /taken from the cache/g)).toBe(0);
  expect((await two.engine.docker('run', '--rm', 'built')).code).toBe(0);
  await forget();
});

test.skipIf(!hasRegistry)('a registry keeps a cache of its own, in each form, and one inside an image', async () => {
  const host = registry?.host ?? '';
  const folder = await one.contextOf(FILES);
  for (const [index, form] of ['', ',image-manifest=false,compression=zstd', ',oci-mediatypes=false'].entries()) {
    const ref = `${host}/cache:form${index}`;
    const first = await build(one, folder, '--cache-to', `type=registry,ref=${ref},mode=max${form}`);
    expect(first.code, first.text).toBe(0);
    const second = await build(two, folder, '--cache-from', `type=registry,ref=${ref}`);
    expect({ form, taken: count(second.text, /taken from the cache/g) }).toEqual({ form, taken: 4 });
    expect(second.id).toBe(first.id);
    await forget();
  }
  const name = `${host}/inline:1`;
  const inline = await build(
    one,
    folder,
    '-t',
    name,
    '--cache-to',
    'type=inline',
    '--output',
    `type=registry,name=${name}`,
  );
  expect(inline.text).toContain('exporting');
  // Only what the image consists of is in it. What is copied from its other stage is known by how that is made: it is not built.
  const second = await build(two, folder, '--cache-from', name);
  expect(count(second.text, /taken from the cache/g)).toBe(4);
  expect(second.text).not.toContain('[made 2/3]');
  const printed = await two.engine.docker('run', '--rm', 'built');
  expect(printed.stdout).toBe((await one.engine.docker('run', '--rm', 'built')).stdout);
  await forget();
});

test('a stage that a cache does not have is built when what is copied from it is not there either', async () => {
  const folder = await one.contextOf(FILES);
  const place = join(scratch.path, 'least');
  const first = await build(one, folder, '--cache-to', `type=local,dest=${place}`);
  const from = ['--cache-from', `type=local,src=${place}`];
  const same = await build(two, folder, ...from);
  expect(count(same.text, /taken from the cache/g)).toBe(4);
  expect(same.id).toBe(first.id);
  await forget();
  for (const [old, changed] of [
    ['RUN true', 'RUN true again'],
    ['COPY file /file', 'COPY file /file2'],
  ] as const) {
    const other = { ...FILES, Dockerfile: FILES.Dockerfile.replace(old, changed).replace(' /file >', ' /file* >') };
    const built = await build(two, await two.contextOf(other), ...from);
    expect(built.code, built.text).toBe(0);
    expect(built.text).toContain('[made 2/3]');
    expect((await two.engine.docker('run', '--rm', 'built', 'test', '-s', '/when')).code).toBe(0);
    await forget();
  }
  const later = { ...FILES, Dockerfile: FILES.Dockerfile.replace('> /both', '> /both && true') };
  const built = await build(two, await two.contextOf(later), ...from);
  expect(count(built.text, /taken from the cache/g)).toBe(3);
  expect(built.text).not.toContain('[made 2/3]');
  await forget();
});

test('a cache that cannot be exported fails the build, unless that is to be ignored', async () => {
  const folder = await one.contextOf({ Dockerfile: 'FROM busybox\nRUN echo c > /c\n' });
  const failed = await build(one, folder, '--cache-to', 'type=registry,ref=127.0.0.1:1/cache');
  expect(failed.code).toBe(1);
  expect(failed.text).toContain('exporting the cache to registry failed');
  const ignored = await build(one, folder, '--cache-to', 'type=registry,ref=127.0.0.1:1/cache,ignore-error=true');
  expect(ignored.code).toBe(0);
  expect(ignored.text).toContain('the cache was not exported');
  expect((await build(one, folder, '--cache-to', 'type=registry,ref=127.0.0.1:1/c,mode=some')).text).toContain(
    'unknown mode',
  );
});
