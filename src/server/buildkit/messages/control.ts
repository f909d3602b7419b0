import { STATUS } from '#lib/grpc/status.ts';
import { bool, bytes, embedded, int32, int64, map, repeated, string } from '#lib/protobuf/field.ts';
import { message, type MessageOf } from '#lib/protobuf/message.ts';
import {
  BUILDKIT_VERSION,
  DEFINITION,
  DESCRIPTOR,
  RANGE,
  SOURCE_INFO,
  TIMESTAMP,
  TYPE_AND_ATTRIBUTES,
  WORKER_RECORD,
} from './common.ts';

// moby.buildkit.v1, service Control.

export const LIST_WORKERS_REQUEST = message({ filter: repeated(string(1)) });
export const LIST_WORKERS_RESPONSE = message({ record: repeated(embedded(1, WORKER_RECORD)) });

export const INFO_RESPONSE = message({ buildkitVersion: embedded(1, BUILDKIT_VERSION) });

const CACHE_OPTIONS = message({
  exportRefDeprecated: string(1),
  importRefsDeprecated: repeated(string(2)),
  exports: repeated(embedded(4, TYPE_AND_ATTRIBUTES)),
  imports: repeated(embedded(5, TYPE_AND_ATTRIBUTES)),
});

export const SOLVE_REQUEST = message({
  ref: string(1),
  definition: embedded(2, DEFINITION),
  exporterDeprecated: string(3),
  exporterAttributesDeprecated: map(4, 'string', string(0)),
  session: string(5),
  frontend: string(6),
  frontendAttributes: map(7, 'string', string(0)),
  cache: embedded(8, CACHE_OPTIONS),
  entitlements: repeated(string(9)),
  frontendInputs: map(10, 'string', embedded(0, DEFINITION)),
  internal: bool(11),
  sourcePolicy: embedded(12, message({ version: int64(1) })),
  exporters: repeated(embedded(13, TYPE_AND_ATTRIBUTES)),
  enableSessionExporter: bool(14),
  sourcePolicySession: string(15),
});
export const SOLVE_RESPONSE = message({ exporterResponse: map(1, 'string', string(0)) });

export const STATUS_REQUEST = message({ ref: string(1) });

export const VERTEX = message({
  digest: string(1),
  inputs: repeated(string(2)),
  name: string(3),
  cached: bool(4),
  started: embedded(5, TIMESTAMP),
  completed: embedded(6, TIMESTAMP),
  error: string(7),
});
export const VERTEX_STATUS = message({
  id: string(1),
  vertex: string(2),
  name: string(3),
  current: int64(4),
  total: int64(5),
  timestamp: embedded(6, TIMESTAMP),
  started: embedded(7, TIMESTAMP),
  completed: embedded(8, TIMESTAMP),
});
export const VERTEX_LOG = message({
  vertex: string(1),
  timestamp: embedded(2, TIMESTAMP),
  stream: int64(3),
  msg: bytes(4),
});
export const VERTEX_WARNING = message({
  vertex: string(1),
  level: int64(2),
  short: bytes(3),
  detail: repeated(bytes(4)),
  url: string(5),
  info: embedded(6, SOURCE_INFO),
  ranges: repeated(embedded(7, RANGE)),
});
/** What a build tells while it runs; also what `POST /build?version=2` sends as trace. */
export const STATUS_RESPONSE = message({
  vertexes: repeated(embedded(1, VERTEX)),
  statuses: repeated(embedded(2, VERTEX_STATUS)),
  logs: repeated(embedded(3, VERTEX_LOG)),
  warnings: repeated(embedded(4, VERTEX_WARNING)),
});
export type StatusResponse = MessageOf<typeof STATUS_RESPONSE>;

export const BYTES_MESSAGE = message({ data: bytes(1) });

export const DISK_USAGE_REQUEST = message({ filter: repeated(string(1)), ageLimit: int64(2) });
export const USAGE_RECORD = message({
  id: string(1),
  mutable: bool(2),
  inUse: bool(3),
  size: int64(4),
  parent: string(5),
  createdAt: embedded(6, TIMESTAMP),
  lastUsedAt: embedded(7, TIMESTAMP),
  usageCount: int64(8),
  description: string(9),
  recordType: string(10),
  shared: bool(11),
  parents: repeated(string(12)),
});
export const DISK_USAGE_RESPONSE = message({ record: repeated(embedded(1, USAGE_RECORD)) });
export const PRUNE_REQUEST = message({
  filter: repeated(string(1)),
  all: bool(2),
  keepDuration: int64(3),
  reservedSpace: int64(4),
  maxUsedSpace: int64(5),
  minFreeSpace: int64(6),
});

export const BUILD_HISTORY_REQUEST = message({
  activeOnly: bool(1),
  ref: string(2),
  earlyExit: bool(3),
  filter: repeated(string(4)),
  limit: int32(5),
});
const BUILD_RESULT = message({
  resultDeprecated: embedded(1, DESCRIPTOR),
  attestations: repeated(embedded(2, DESCRIPTOR)),
  results: map(3, 'int64', embedded(0, DESCRIPTOR)),
});
export const BUILD_HISTORY_RECORD = message({
  ref: string(1),
  frontend: string(2),
  frontendAttributes: map(3, 'string', string(0)),
  exporters: repeated(embedded(4, TYPE_AND_ATTRIBUTES)),
  error: embedded(5, STATUS),
  createdAt: embedded(6, TIMESTAMP),
  completedAt: embedded(7, TIMESTAMP),
  logs: embedded(8, DESCRIPTOR),
  exporterResponse: map(9, 'string', string(0)),
  result: embedded(10, BUILD_RESULT),
  results: map(11, 'string', embedded(0, BUILD_RESULT)),
  generation: int32(12),
  trace: embedded(13, DESCRIPTOR),
  pinned: bool(14),
  cachedSteps: int32(15),
  totalSteps: int32(16),
  completedSteps: int32(17),
  externalError: embedded(18, DESCRIPTOR),
  warnings: int32(19),
});
/** `type` of an event: 0 started, 1 complete, 2 deleted. */
export const BUILD_HISTORY_EVENT = message({ type: int32(1), record: embedded(2, BUILD_HISTORY_RECORD) });
export const UPDATE_BUILD_HISTORY_REQUEST = message({
  ref: string(1),
  pinned: bool(2),
  delete: bool(3),
  finalize: bool(4),
});
