import { mkdtemp, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { ContextAsk, ContextSource, Material } from './context-source.ts';
import { download } from './download.ts';
import { openContent } from './file-content.ts';
import { fileSource } from './inline-source.ts';
import { isArchive } from './is-archive.ts';
import { shown } from './network/open-url.ts';
import { newestTime } from './newest-time.ts';
import { openUnpacked, unpackContext } from './tar-context.ts';

interface Fetched {
  path: string;
  material: Material;
  epoch: number | undefined;
}

/** A context at an address: a tar archive in any compression, or else a Dockerfile. */
export function httpContext(url: string): ContextSource {
  const cleanup = new AsyncDisposableStack();
  let fetched: Promise<Fetched> | undefined;
  return {
    title: URL.canParse(url) ? shown(url) : 'URL',
    async open(ask) {
      fetched ??= fetchContext(url, ask, cleanup);
      const { path, material, epoch } = await fetched;
      return { ...openUnpacked(path, ask), material, ...(epoch !== undefined && { epoch }) };
    },
    [Symbol.asyncDispose]: () => cleanup.disposeAsync(),
  };
}

async function fetchContext(url: string, ask: ContextAsk, cleanup: AsyncDisposableStack): Promise<Fetched> {
  const { folder, digest, modifiedMs } = await download(url, ask);
  const facts = {
    material: { uri: shown(url), digest: { sha256: digest } },
    epoch: modifiedMs === undefined ? undefined : Math.floor(modifiedMs / 1000),
  };
  const { tree, source } = await fileSource(folder, 'content');
  using root = tree.root;
  if (await isArchive(root, source)) {
    const path = await unpackContext(openContent(root, 'content'), ask, cleanup);
    await rm(folder, { recursive: true, force: true });
    return { path, ...facts, epoch: facts.epoch ?? newestTime(path) };
  }
  const path = await mkdtemp(join(ask.scratch, 'context-'));
  cleanup.defer(() => rm(path, { recursive: true, force: true }));
  await rename(join(folder, 'content'), join(path, 'Dockerfile'));
  return { path, ...facts };
}
