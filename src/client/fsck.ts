import type { FsckMessage } from '#api/fsck.ts';
import { InternalError } from '#lib/errors.ts';
import { readJsonLines } from './json-lines.ts';
import type { Client } from './transport.ts';

export interface CheckStore {
  repair?: boolean;
  fast?: boolean;
  signal?: AbortSignal | undefined;
}

/** `POST /berth/fsck`. @throws {NotFoundError} from an engine of another kind; {InternalError} if the check itself fails */
export async function* checkStore(
  client: Client,
  { repair, fast, signal }: CheckStore = {},
): AsyncGenerator<FsckMessage> {
  const { body } = await client.send('POST', '/berth/fsck', { query: { repair, fast }, signal });
  for await (const message of readJsonLines<FsckMessage>(body)) {
    if (message.error === undefined) yield message;
    else {
      const { why, hint } = message.errorDetail ?? {};
      throw new InternalError(message.error, {
        ...(why !== undefined && { why }),
        ...(hint !== undefined && { hint }),
      });
    }
  }
}
