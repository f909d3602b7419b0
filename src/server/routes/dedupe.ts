import { queryFlag } from '#api/query.ts';
import type { LayerStore } from '#engine/layers/layer-store.ts';
import type { Call, Route } from '../route.ts';

/** What `POST /berth/dedupe` needs of the engine. */
export interface DedupeBackend {
  layers: LayerStore;
}

/** `POST /berth/dedupe?dry-run=`: JSON lines as a load's, with what was saved as the `aux` of the last. */
export function dedupeRoutes(engine: DedupeBackend): readonly Route[] {
  return [['POST', '/berth/dedupe', async (call) => dedupe(engine.layers, call)]];
}

async function dedupe(layers: LayerStore, call: Call): Promise<void> {
  const lines = call.jsonLines();
  const summary = await layers.dedupe({
    isDryRun: queryFlag(call.query, 'dry-run'),
    signal: call.signal,
    onProgress: ({ diffId, phase, current, total }) =>
      void lines.write({
        status: phase,
        id: diffId.slice('sha256:'.length, 'sha256:'.length + 12),
        progressDetail: { current, total },
      }),
  });
  await lines.write({ aux: summary });
  lines.end();
}
