import { EventEmitter } from 'node:events';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { createKeyedLock } from '#lib/keyed-lock.ts';
import { createStreams, type Streams } from '#engine/stdio/streams.ts';
import { adoptContainers } from './adopt.ts';
import { followRuns } from './after-run.ts';
import type { ContainersDeps, Context } from './context.ts';
import { followHosts } from './connect-network.ts';
import { openHostCa } from './host-ca.ts';
import { openRecords } from './records.ts';

/** Opens the containers of an engine: those that run are taken up, the ends of those that do not are told. */
export async function openContext(deps: ContainersDeps): Promise<Context> {
  const root = join(deps.dataRoot, 'containers');
  const [hostCa] = await Promise.all([
    openHostCa({ execRoot: deps.execRoot }),
    mkdir(root, { recursive: true, mode: 0o700 }),
    mkdir(join(deps.execRoot, 'exec'), { recursive: true, mode: 0o700 }),
  ]);
  const streams = new Map<string, Streams>();
  const signals = new EventEmitter();
  signals.setMaxListeners(0);
  const records = openRecords(deps.database);
  const context: Context = {
    ...deps,
    hostCa,
    records,
    runs: new Map(),
    execs: new Map(),
    signals,
    lock: createKeyedLock(),
    closing: new AbortController(),
    folderOf: (id) => join(root, id),
    streamsOf(id) {
      const known = streams.get(id) ?? createStreams();
      streams.set(id, known);
      return known;
    },
  };
  signals.on('forget', (id: string) => void streams.delete(id));
  followRuns(context);
  followHosts(context);
  await adoptContainers(context);
  return context;
}
