import { errorMessage } from '#api/progress.ts';
import { queryFlag } from '#api/query.ts';
import type { SystemFacts } from '#api/system.ts';
import type { CheckDeps } from '#engine/fsck/check.ts';
import { checkStore } from '#engine/fsck/fsck.ts';
import type { Call, Route } from '../route.ts';

/** What this route needs of the engine. */
export interface FsckBackend extends Omit<CheckDeps, 'dataRoot' | 'execRoot'> {
  facts: SystemFacts;
}

/** `POST /berth/fsck?repair=&fast=`: a check of the store, as JSON lines of `api/fsck.ts`. */
export function fsckRoutes(engine: FsckBackend): readonly Route[] {
  return [['POST', '/berth/fsck', async (call) => streamCheck(engine, call)]];
}

async function streamCheck(engine: FsckBackend, call: Call): Promise<void> {
  const { query, signal } = call;
  const { dataRoot, execRoot } = engine.facts;
  const lines = call.jsonLines();
  try {
    const options = { repair: queryFlag(query, 'repair'), fast: queryFlag(query, 'fast'), signal };
    for await (const message of checkStore({ ...engine, dataRoot, execRoot }, options)) await lines.write(message);
  } catch (error) {
    await lines.write(errorMessage(error));
  }
  lines.end();
}
