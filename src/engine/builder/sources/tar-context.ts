import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { compileIgnore } from '#dockerfile/ignore.ts';
import { extractTar } from '#engine/snapshots/tree/extract-tar.ts';
import { openRoot } from '#lib/files/open-root.ts';
import { applyIgnore } from './apply-ignore.ts';
import type { ContextAsk, ContextSource } from './context-source.ts';

const LIMITS = { entries: 2_000_000, headerBytes: 1024 * 1024, contentBytes: 2 ** 40 };

/** A context that comes as a tar archive, in any compression. It is unpacked whole the first time. */
export function tarContext(bytes: AsyncIterable<Uint8Array>, title = 'context'): ContextSource {
  const cleanup = new AsyncDisposableStack();
  let unpacked: Promise<string> | undefined;
  const unpack = async ({ scratch, signal }: ContextAsk): Promise<string> => {
    const path = await mkdtemp(join(scratch, 'context-'));
    cleanup.defer(() => rm(path, { recursive: true, force: true }));
    // Nothing is written through a link that the archive brought.
    using strict = openRoot(path, { links: 'refuse' });
    await extractTar(strict, bytes, { signal, limits: LIMITS });
    return path;
  };
  return {
    title,
    async open(ask) {
      unpacked ??= unpack(ask);
      const root = openRoot(await unpacked);
      applyIgnore(root, compileIgnore(ask.exclude));
      return {
        tree: { root, kind: 'context', digests: new Map(), taken: new Map() },
        async [Symbol.asyncDispose]() {
          root[Symbol.dispose]();
        },
      };
    },
    [Symbol.asyncDispose]: () => cleanup.disposeAsync(),
  };
}
