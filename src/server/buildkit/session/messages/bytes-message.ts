import { bytes } from '#lib/protobuf/field.ts';
import { message } from '#lib/protobuf/message.ts';

/** A piece of a stream: `moby.filesync.v1.BytesMessage`, and those of `moby.sshforward.v1` and `moby.upload.v1`. */
export const BYTES_MESSAGE = message({ data: bytes(1) });
