import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ContextSource } from './context-source.ts';
import { openUnpacked } from './tar-context.ts';

/** A context without files, or with a Dockerfile alone. */
export function textContext(dockerfile?: string): ContextSource {
  const cleanup = new AsyncDisposableStack();
  let made: Promise<string> | undefined;
  const make = async (scratch: string): Promise<string> => {
    const path = await mkdtemp(join(scratch, 'context-'));
    cleanup.defer(() => rm(path, { recursive: true, force: true }));
    if (dockerfile !== undefined) await writeFile(join(path, 'Dockerfile'), dockerfile, { mode: 0o644 });
    return path;
  };
  return {
    title: dockerfile === undefined ? 'empty' : 'Dockerfile',
    async open(ask) {
      made ??= make(ask.scratch);
      return openUnpacked(await made, ask);
    },
    [Symbol.asyncDispose]: () => cleanup.disposeAsync(),
  };
}
