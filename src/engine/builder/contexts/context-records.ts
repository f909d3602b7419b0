import type { CacheRecordSource } from '../cache/cache-record.ts';
import type { KeptContexts } from './kept-contexts.ts';

/** Contexts of clients as records of the cache. */
export function contextRecords(contexts: KeptContexts): CacheRecordSource {
  return {
    async list() {
      return (await contexts.list()).map(({ id, name, bytes, created, used, uses, isInUse }) => ({
        id,
        kind: 'source.local',
        parents: [],
        description: `local source for ${name}`,
        bytes,
        created,
        used,
        uses,
        isUsed: isInUse,
        isShared: false,
        isMutable: true,
      }));
    },
    async remove(ids) {
      const removed: string[] = [];
      let bytes = 0;
      for (const { id, isInUse } of await contexts.list()) {
        if (!ids.has(id) || isInUse) continue;
        bytes += await contexts.remove(id);
        removed.push(id);
      }
      return { ids: removed, bytes };
    },
  };
}
