import type { CacheRecord } from '#engine/builder/cache/cache-record.ts';
import type { PruneRule } from '#engine/builder/cache/prune.ts';
import { type Method, serverStream, unary } from '#lib/grpc/method.ts';
import type { MessageOf, Partly } from '#lib/protobuf/message.ts';
import { timestampOf } from './messages/common.ts';
import { DISK_USAGE_REQUEST, DISK_USAGE_RESPONSE, PRUNE_REQUEST, USAGE_RECORD } from './messages/control.ts';
import type { BuildkitContext } from './services.ts';

const NANOSECONDS = 1_000_000;

/** What is kept for builds to come: listed and removed. */
export function usageMethods(
  { builder }: Pick<BuildkitContext, 'builder'>,
  service: string,
): [path: string, method: Method][] {
  return [
    [
      `${service}DiskUsage`,
      unary({ request: DISK_USAGE_REQUEST, answer: DISK_USAGE_RESPONSE }, async ({ filter, ageLimit }) => {
        const since = ageLimit === 0 ? 0 : Date.now() - ageLimit / NANOSECONDS;
        const records = await builder.usage(filter);
        return { record: records.filter(({ used, created }) => (used ?? created) >= since).map(toWire) };
      }),
    ],
    [
      `${service}Prune`,
      serverStream({ request: PRUNE_REQUEST, answer: USAGE_RECORD }, async function* (request) {
        const { records } = await builder.prune(ruleOf(request));
        for (const record of records) yield toWire(record);
      }),
    ],
  ];
}

function ruleOf({
  filter,
  all,
  keepDuration,
  reservedSpace,
  maxUsedSpace,
  minFreeSpace,
}: MessageOf<typeof PRUNE_REQUEST>): PruneRule {
  return {
    all,
    filters: filter,
    ...(keepDuration > 0 && { keepDurationMs: keepDuration / NANOSECONDS }),
    ...(reservedSpace > 0 && { reservedBytes: reservedSpace }),
    ...(maxUsedSpace > 0 && { maxUsedBytes: maxUsedSpace }),
    ...(minFreeSpace > 0 && { minFreeBytes: minFreeSpace }),
  };
}

function toWire(record: CacheRecord): Partly<MessageOf<typeof USAGE_RECORD>> {
  const { id, kind, parents, description, bytes, created, used, uses } = record;
  return {
    id,
    mutable: record.isMutable,
    inUse: record.isUsed,
    size: bytes,
    createdAt: timestampOf(created),
    ...(used !== undefined && { lastUsedAt: timestampOf(used) }),
    usageCount: uses,
    description,
    recordType: kind,
    shared: record.isShared,
    parents,
  };
}
