import { bigint64, bool, bytes, embedded, int32, int64, map, repeated, string } from '#lib/protobuf/field.ts';
import { message, type MessageOf } from '#lib/protobuf/message.ts';

/** google.protobuf.Timestamp. */
export const TIMESTAMP = message({ seconds: int64(1), nanos: int32(2) });

/** pb.Platform: os, architecture, variant. */
export const PLATFORM = message({
  architecture: string(1),
  os: string(2),
  variant: string(3),
  osVersion: string(4),
  osFeatures: repeated(string(5)),
});

/** pb.OpMetadata is kept as it came. */
const OP_METADATA = message({});

/** pb.SourceInfo, without the definition it came from. */
export const SOURCE_INFO = message({ filename: string(1), data: bytes(2), language: string(4) });

const POSITION = message({ line: int32(1), character: int32(2) });
/** pb.Range: lines and columns of a source. */
export const RANGE = message({ start: embedded(1, POSITION), end: embedded(2, POSITION) });

/** pb.Definition: a graph of operations, the last one naming the result. */
export const DEFINITION = message({ def: repeated(bytes(1)), metadata: map(2, 'string', embedded(0, OP_METADATA)) });

const INPUT = message({ digest: string(1), index: int64(2) });
export const SOURCE_OP = message({ identifier: string(1), attributes: map(2, 'string', string(0)) });
/** pb.Op, of which only sources and the end of a definition are known here. */
export const OP = message({
  inputs: repeated(embedded(1, INPUT)),
  source: embedded(3, SOURCE_OP),
  platform: embedded(10, PLATFORM),
});

/** moby.buildkit.v1.types.BuildkitVersion. */
export const BUILDKIT_VERSION = message({ package: string(1), version: string(2), revision: string(3) });

const GC_POLICY = message({
  all: bool(1),
  keepDuration: int64(2),
  reservedSpace: int64(3),
  filters: repeated(string(4)),
  maxUsedSpace: int64(5),
  minFreeSpace: int64(6),
});

/** moby.buildkit.v1.types.WorkerRecord. */
export const WORKER_RECORD = message({
  id: string(1),
  labels: map(2, 'string', string(0)),
  platforms: repeated(embedded(3, PLATFORM)),
  gcPolicy: repeated(embedded(4, GC_POLICY)),
  buildkitVersion: embedded(5, BUILDKIT_VERSION),
});

/** `Type` and `Attrs` of a cache or an exporter. */
export const TYPE_AND_ATTRIBUTES = message({ type: string(1), attributes: map(2, 'string', string(0)) });

/** moby.buildkit.v1.Descriptor. */
export const DESCRIPTOR = message({
  mediaType: string(1),
  digest: string(2),
  size: int64(3),
  annotations: map(5, 'string', string(0)),
});

/** fsutil.types.Stat, as results of builds are looked into. */
export const STAT = message({
  path: string(1),
  mode: int64(2),
  uid: int64(3),
  gid: int64(4),
  size: int64(5),
  modTime: bigint64(6),
  linkname: string(7),
  devmajor: int64(8),
  devminor: int64(9),
  xattrs: map(10, 'string', bytes(0)),
});

export const EMPTY = message({});

/** Milliseconds since epoch as the wire has them. */
export function timestampOf(milliseconds: number): MessageOf<typeof TIMESTAMP> {
  const seconds = Math.floor(milliseconds / 1000);
  return { seconds, nanos: Math.round((milliseconds - seconds * 1000) * 1_000_000) };
}
