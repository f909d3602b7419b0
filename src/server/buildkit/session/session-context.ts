import type { ContextUpdate, KeptContexts, OpenCopy } from '#engine/builder/contexts/kept-contexts.ts';
import type { Vertex } from '#engine/builder/progress/events.ts';
import type { ContextAsk, ContextSource } from '#engine/builder/sources/context-source.ts';
import { openRoot } from '#lib/files/open-root.ts';
import { writeTexts } from './header-values.ts';
import { receiveFiles } from './receive-files.ts';
import { callSession, type SessionClient } from './session-client.ts';

const DIFF_COPY = '/moby.filesync.v1.FileSync/DiffCopy';
const STATUS_MS = 100;

/** Files that the client offers under a name. Only what changed since they were asked for last is sent. */
export function sessionContext(
  { client, contexts }: { client: SessionClient; contexts: KeptContexts },
  name: string,
): ContextSource {
  const owner = ownerOf(client);
  return {
    title: name,
    hasIgnoreFile: true,
    async open(ask) {
      using update = await contexts.update({ owner, name }, partOf(ask));
      const copy = isNothing(ask) ? await nothing(update) : await receive({ client, update, name }, ask);
      const root = openRoot(copy.path);
      return {
        // Layers must not take files over: they are kept for the next build.
        tree: { root, kind: 'context', digests: copy.digests, listing: copy.listing, taken: new Map() },
        async [Symbol.asyncDispose]() {
          root[Symbol.dispose]();
          copy[Symbol.dispose]();
        },
      };
    },
    async [Symbol.asyncDispose]() {},
  };
}

/** Whose files they are: of a client that gives its folders no key, those of this session alone. */
export function ownerOf({ id, sharedKey }: Pick<SessionClient, 'id' | 'sharedKey'>): string {
  return sharedKey === '' ? `session ${id}` : sharedKey;
}

function partOf({ only, exclude }: ContextAsk): string {
  return JSON.stringify([only?.toSorted(), exclude]);
}

function isNothing({ only }: ContextAsk): boolean {
  return only?.length === 0;
}

async function nothing(update: ContextUpdate): Promise<OpenCopy> {
  await update.endEntries();
  return update.finish();
}

async function receive(
  { client, update, name }: { client: SessionClient; update: ContextUpdate; name: string },
  { only, exclude, vertex, signal }: ContextAsk,
): Promise<OpenCopy> {
  const isAll = only === undefined || only.some((path) => path === '' || path === '.');
  const metadata = writeTexts({
    'dir-name': [name],
    'exclude-patterns': exclude,
    followpaths: isAll ? [] : only,
  });
  const call = callSession(client, DIFF_COPY, { metadata, signal, what: `the files of ${name}` });
  const status = createStatus(vertex, `transferring ${name}:`);
  try {
    const copy = await receiveFiles(call, update, (bytes) => status.received(bytes));
    status.end();
    return copy;
  } catch (error) {
    call[Symbol.dispose]();
    throw error;
  }
}

/** Tells how much came, now and then. */
function createStatus(vertex: Vertex, id: string): { received(bytes: number): void; end(): void } {
  const started = Date.now();
  let told = started;
  let current = 0;
  return {
    received(bytes) {
      current = bytes;
      const now = Date.now();
      if (now - told < STATUS_MS) return;
      told = now;
      vertex.status({ id, current, total: 0, started, completed: undefined });
    },
    end: () => vertex.status({ id, current, total: 0, started, completed: Date.now() }),
  };
}
