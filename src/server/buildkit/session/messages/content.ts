import { bytes, int32, int64, string } from '#lib/protobuf/field.ts';
import { message } from '#lib/protobuf/message.ts';

const SERVICE = '/containerd.services.content.v1.Content';

export const READ = `${SERVICE}/Read`;
export const WRITE = `${SERVICE}/Write`;
/** Metadata that names the store. */
export const STORE_ID = 'buildkit-attachable-store-id';

/** Without a size, to the end. */
export const READ_REQUEST = message({ digest: string(1), offset: int64(2), size: int64(3) });
export const READ_ANSWER = message({ offset: int64(1), data: bytes(2) });

/** What a request to write is for. */
export const ACTIONS = { stat: 0, write: 1, commit: 2 } as const;

/** `ref` names the blob while it is being written; `total` and `expected` are what it is to be in the end. */
export const WRITE_REQUEST = message({
  action: int32(1),
  ref: string(2),
  total: int64(3),
  expected: string(4),
  offset: int64(5),
  data: bytes(6),
});
export const WRITE_ANSWER = message({ action: int32(1), offset: int64(4), total: int64(5), digest: string(6) });
