import { STATUS } from '#lib/grpc/status.ts';
import { bool, bytes, embedded, int32, int64, map, optional, repeated, string } from '#lib/protobuf/field.ts';
import { message } from '#lib/protobuf/message.ts';
import {
  DEFINITION,
  PLATFORM,
  RANGE,
  SOURCE_INFO,
  SOURCE_OP,
  STAT,
  TYPE_AND_ATTRIBUTES,
  WORKER_RECORD,
} from './common.ts';

// moby.buildkit.v1.frontend, service LLBBridge.

const CAPABILITY = message({
  id: string(1),
  enabled: bool(2),
  deprecated: bool(3),
  disabledReason: string(4),
  disabledReasonMessage: string(5),
  disabledAlternative: string(6),
});
export const PONG = message({
  frontendCapabilities: repeated(embedded(1, CAPABILITY)),
  llbCapabilities: repeated(embedded(2, CAPABILITY)),
  workers: repeated(embedded(3, WORKER_RECORD)),
});

/** A result: its id, and what others build from it. */
const REF = message({ id: string(1), def: embedded(2, DEFINITION) });
const REF_MAP = message({ refs: map(1, 'string', embedded(0, REF)) });
export const RESULT = message(
  {
    refDeprecated: optional(string(1)),
    ref: embedded(3, REF),
    refs: embedded(4, REF_MAP),
    metadata: map(10, 'string', bytes(0)),
  },
  { oneofs: [['refDeprecated', 'ref', 'refs']] },
);

export const GATEWAY_SOLVE_REQUEST = message({
  definition: embedded(1, DEFINITION),
  frontend: string(2),
  frontendOptions: map(3, 'string', string(0)),
  allowResultReturn: bool(5),
  allowResultArrayRef: bool(6),
  cacheImports: repeated(embedded(12, TYPE_AND_ATTRIBUTES)),
  frontendInputs: map(13, 'string', embedded(0, DEFINITION)),
  evaluate: bool(14),
});
export const GATEWAY_SOLVE_RESPONSE = message({ ref: string(1), result: embedded(3, RESULT) });

export const RETURN_REQUEST = message({ result: embedded(1, RESULT), error: embedded(2, STATUS) });

export const RESOLVE_IMAGE_REQUEST = message({
  ref: string(1),
  platform: embedded(2, PLATFORM),
  resolveMode: string(3),
  logName: string(4),
  resolverType: int32(5),
  sessionId: string(6),
  storeId: string(7),
});
export const RESOLVE_IMAGE_RESPONSE = message({ digest: string(1), config: bytes(2), ref: string(3) });

export const RESOLVE_SOURCE_REQUEST = message({
  source: embedded(1, SOURCE_OP),
  platform: embedded(2, PLATFORM),
  logName: string(3),
  resolveMode: string(4),
});
export const RESOLVE_SOURCE_RESPONSE = message({
  source: embedded(1, SOURCE_OP),
  image: embedded(2, message({ digest: string(1), config: bytes(2) })),
});

export const REF_REQUEST = message({ ref: string(1) });
export const READ_FILE_REQUEST = message({
  ref: string(1),
  path: string(2),
  range: embedded(3, message({ offset: int64(1), length: int64(2) })),
});
export const READ_FILE_RESPONSE = message({ data: bytes(1) });
export const READ_DIR_REQUEST = message({ ref: string(1), path: string(2), includePattern: string(3) });
export const READ_DIR_RESPONSE = message({ entries: repeated(embedded(1, STAT)) });
export const STAT_FILE_REQUEST = message({ ref: string(1), path: string(2) });
export const STAT_FILE_RESPONSE = message({ stat: embedded(1, STAT) });

export const INPUTS_RESPONSE = message({ definitions: map(1, 'string', embedded(0, DEFINITION)) });
export const WARN_REQUEST = message({
  digest: string(1),
  level: int64(2),
  short: bytes(3),
  detail: repeated(bytes(4)),
  url: string(5),
  info: embedded(6, SOURCE_INFO),
  ranges: repeated(embedded(7, RANGE)),
});
