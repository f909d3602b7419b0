import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { compileIgnore } from '#dockerfile/ignore.ts';
import { extractTar } from '#engine/snapshots/tree/extract-tar.ts';
import { openRoot } from '#lib/files/open-root.ts';
import { applyIgnore } from './apply-ignore.ts';
import { newestTime } from './newest-time.ts';
import type { ContextAsk, ContextSource, OpenedContext } from './context-source.ts';

const LIMITS = { entries: 2_000_000, headerBytes: 1024 * 1024, contentBytes: 2 ** 40 };

/**
 * A context that comes as a tar archive, in any compression. It is unpacked whole the first time.
 * @param isDated the newest file in it says what time it is of
 */
export function tarContext(
  bytes: AsyncIterable<Uint8Array>,
  { title = 'context', isDated = false }: { title?: string; isDated?: boolean } = {},
): ContextSource {
  const cleanup = new AsyncDisposableStack();
  let unpacked: Promise<string> | undefined;
  let newest: number | undefined;
  return {
    title,
    async open(ask) {
      unpacked ??= unpackContext(bytes, ask, cleanup);
      const path = await unpacked;
      const epoch = isDated ? (newest ??= newestTime(path)) : undefined;
      return { ...openUnpacked(path, ask), ...(epoch !== undefined && { epoch }) };
    },
    [Symbol.asyncDispose]: () => cleanup.disposeAsync(),
  };
}

/** Unpacks an archive into a folder that goes with `cleanup`. */
export async function unpackContext(
  bytes: AsyncIterable<Uint8Array>,
  { scratch, signal }: ContextAsk,
  cleanup: AsyncDisposableStack,
): Promise<string> {
  const path = await mkdtemp(join(scratch, 'context-'));
  cleanup.defer(() => rm(path, { recursive: true, force: true }));
  // Nothing is written through a link that the archive brought.
  using strict = openRoot(path, { links: 'refuse' });
  await extractTar(strict, bytes, { signal, limits: LIMITS });
  return path;
}

/** A folder of ours as a context; what is left out is removed from it. */
export function openUnpacked(path: string, { exclude }: Pick<ContextAsk, 'exclude'>): OpenedContext {
  const root = openRoot(path);
  applyIgnore(root, compileIgnore(exclude));
  return {
    tree: { root, kind: 'context', digests: new Map(), taken: new Map(), mayTake: true },
    async [Symbol.asyncDispose]() {
      root[Symbol.dispose]();
    },
  };
}
