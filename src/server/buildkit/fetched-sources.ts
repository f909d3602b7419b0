import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { BuildEvent } from '#engine/builder/progress/events.ts';
import { createReport } from '#engine/builder/progress/report.ts';
import type { ContextAsk, ContextSource, OpenedContext } from '#engine/builder/sources/context-source.ts';
import type { Lookable } from './look-into-result.ts';

/** Files at addresses that a client looks into before it orders a build: a bake file, a Dockerfile. Gone when disposed. */
export interface FetchedSources extends AsyncDisposable {
  /** Nothing is fetched before it is looked into. @returns its id */
  add(place: SourcePlace, access: SourceAccess): string;
  find(id: string): Lookable | undefined;
}

export interface SourcePlace {
  source: ContextSource;
  /** What the client calls a single file; undefined for a folder. */
  fileName: string | undefined;
}

/** With whose rights it is fetched. */
export type SourceAccess = Pick<ContextAsk, 'secrets' | 'ssh' | 'guardNetwork'>;

/** How a source that is one file calls it. */
const ONE_FILE = 'Dockerfile';

export function createFetchedSources(
  ref: string,
  ...[tell, signal]: [tell: (event: BuildEvent) => void, signal: AbortSignal]
): FetchedSources {
  const resources = new AsyncDisposableStack();
  const known = new Map<string, Lookable>();
  const report = createReport(`${ref} sources`, tell);
  let folder: Promise<string> | undefined;
  const makeFolder = async (): Promise<string> => {
    const path = await mkdtemp(join(tmpdir(), 'berth-sources-'));
    resources.defer(() => rm(path, { recursive: true, force: true }));
    return path;
  };
  return {
    add({ source, fileName }, access) {
      const id = randomUUID().replaceAll('-', '');
      let opened: Promise<OpenedContext> | undefined;
      const open = (): Promise<OpenedContext> =>
        report.within({ name: `[internal] load ${source.title}` }, async (vertex) => {
          const path = await (folder ??= makeFolder());
          resources.use(source);
          const ask = { scratch: path, only: undefined, exclude: [], vertex, signal, ...access };
          return resources.use(await source.open(ask));
        });
      known.set(id, {
        async look(use) {
          opened ??= open();
          return use((await opened).tree.root);
        },
        nameOf: (path) => (path.replace(/^\/+/, '') === fileName ? ONE_FILE : path),
      });
      return id;
    },
    find: (id) => known.get(id),
    [Symbol.asyncDispose]: () => resources.disposeAsync(),
  };
}
