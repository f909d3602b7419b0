import { compileIgnore } from '#dockerfile/ignore.ts';
import { InvalidArgumentError } from '#lib/errors.ts';
import { openRoot } from '#lib/files/open-root.ts';
import type { ContextAsk, ContextSource, OpenedContext } from './context-source.ts';

/**
 * A folder of this host, read where it lies: nothing is copied before a step copies it. Others may change it meanwhile; what a step takes is
 * what its key says, or the build ends.
 */
export function folderContext(path: string, title = path): ContextSource {
  return {
    title,
    hasIgnoreFile: true,
    async open(ask) {
      if (!path.startsWith('/'))
        throw new InvalidArgumentError(`the folder of a build context is named by its whole path, not ${path}`);
      return openFolder(path, ask);
    },
    async [Symbol.asyncDispose]() {},
  };
}

async function openFolder(path: string, { exclude, fileDigests }: ContextAsk): Promise<OpenedContext> {
  await using resources = new AsyncDisposableStack();
  const root = resources.use(openRoot(path));
  const ignore = compileIgnore(exclude);
  const known = fileDigests === undefined ? undefined : resources.use(await fileDigests.of(path));
  const held = resources.move();
  return {
    tree: {
      root,
      kind: 'context',
      digests: new Map(),
      taken: new Map(),
      owner: { uid: 0, gid: 0 },
      isLive: true,
      young: new Set(),
      ...(!ignore.isEmpty && { ignore }),
      ...(known !== undefined && { known }),
    },
    [Symbol.asyncDispose]: () => held.disposeAsync(),
  };
}
