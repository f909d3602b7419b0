import { randomUUID } from 'node:crypto';
import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pullImage } from '#engine/images/pull.ts';
import { openTestStore, type TestStore } from '#engine/images/test-store.ts';
import { InternalError } from '#lib/errors.ts';
import { silentLog } from '#lib/log.ts';
import { tarHeader } from '#lib/tar/header.ts';
import { TAR_END, tarEntry, tarPadding } from '#lib/tar/writer.ts';
import { type Builder, openBuilder } from '../builder.ts';
import type { BuildEvent } from '../progress/events.ts';
import type { BuildRequest } from '../request.ts';
import { NO_SECRETS, NO_SSH } from '../sources/client-sources.ts';
import { tarContext } from '../sources/tar-context.ts';
import type { Exported } from './exporting.ts';
import type { OutputSink, OutputSpec } from './output-spec.ts';

/** Content of files by path. */
export type TestFiles = Readonly<Record<string, string | Buffer>>;

/** A builder on a store of its own; its builds run no programs. */
export interface TestBuilder extends AsyncDisposable {
  store: TestStore;
  builder: Builder;
  events: readonly BuildEvent[];
  build(files: TestFiles, request?: Partial<BuildRequest>): Promise<Exported>;
}

export async function openTestBuilder(root?: string): Promise<TestBuilder> {
  await using stack = new AsyncDisposableStack();
  const store = stack.use(await openTestStore(root));
  const { content, layers, snapshots } = store.images.context;
  const events: BuildEvent[] = [];
  const builder = await openBuilder({
    database: store.database,
    dataRoot: store.root,
    execRoot: join(store.root, 'run'),
    content,
    layerFiles: layers,
    snapshots,
    images: store.images,
    runOnce: async () => {
      throw new InternalError('no programs are run here');
    },
    pullImage: async (reference, options) => (await pullImage(store.images.context, reference, options)).image,
    collectGarbage: async () => (await store.images.context.garbage.collect()).bytes,
    events: store.events,
    log: silentLog,
  });
  stack.use(builder);
  store.images.context.garbage.keep(async () => builder.usedSnapshots());
  const build: TestBuilder['build'] = async (files, request = {}) => {
    await using prepared = await builder.prepare(requestOf(files, request), (event) => events.push(event));
    return await prepared.run();
  };
  const held = stack.move();
  return { store, builder, events, build, [Symbol.asyncDispose]: () => held.disposeAsync() };
}

function requestOf(files: TestFiles, request: Partial<BuildRequest>): BuildRequest {
  return {
    ref: randomUUID(),
    context: tarContext(contextTar(files)),
    dockerfile: { name: 'Dockerfile' },
    namedContexts: new Map(),
    buildArgs: new Map(),
    labels: new Map(),
    target: '',
    noCache: [],
    pull: false,
    platforms: [],
    multiPlatform: false,
    hostCa: false,
    limits: { networkMode: 'none', extraHosts: [] },
    entitlements: new Set(),
    credentials: async () => undefined,
    secrets: NO_SECRETS,
    ssh: NO_SSH,
    cacheFrom: [],
    cacheTo: [],
    outputs: [],
    attestations: new Map(),
    packages: { implicitCaches: false, split: false },
    check: 'warn',
    ignored: [],
    signal: new AbortController().signal,
    ...request,
  };
}

async function* contextTar(files: TestFiles): AsyncGenerator<Buffer> {
  for (const [name, content] of Object.entries(files)) {
    const bytes = Buffer.from(content);
    yield tarEntry(tarHeader({ name, kind: 'file', size: bytes.length, mtimeNs: BigInt(Date.now()) * 1_000_000n }));
    yield Buffer.concat([bytes, tarPadding(bytes.length)]);
  }
  yield TAR_END;
}

/** An output as it is written: `type=oci,name=x`. */
export function outputOf(text: string, sink?: OutputSink): OutputSpec {
  const attributes = new Map(
    text.split(',').map((field): [string, string] => {
      const at = field.indexOf('=');
      return [field.slice(0, at), field.slice(at + 1)];
    }),
  );
  const type = attributes.get('type') as OutputSpec['type'];
  attributes.delete('type');
  return { type, attributes, ...(sink !== undefined && { sink }) };
}

/** What a client takes, kept. */
export interface TestSink extends OutputSink, AsyncDisposable {
  /** The last archive. */
  bytes(): Buffer;
  /** Where the last folder was copied to. */
  folder: string;
  times: number[];
}

export async function openTestSink(): Promise<TestSink> {
  const folder = await mkdtemp(join(tmpdir(), 'output-'));
  let archive = Buffer.alloc(0);
  const times: number[] = [];
  return {
    folder,
    times,
    bytes: () => archive,
    async stream(bytes) {
      archive = Buffer.concat((await Array.fromAsync(bytes)).map((piece) => Buffer.from(piece)));
    },
    async tree(path, { keep, time }) {
      if (!keep) await rm(folder, { recursive: true, force: true });
      if (time !== undefined) times.push(time);
      await cp(path, folder, { recursive: true, verbatimSymlinks: true, preserveTimestamps: true });
    },
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }),
  };
}
