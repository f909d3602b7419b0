import { createHash } from 'node:crypto';
import { type FileHandle, mkdtemp, open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { CancelledError, TooLargeError } from '#lib/errors.ts';
import { fileError } from '#lib/files/file-error.ts';
import type { Digest } from '#oci/digest.ts';
import type { IngestOptions } from './store.ts';

/** Bytes that are whole on disk under no name yet; gone when disposed without `commit`. */
interface Ingested extends AsyncDisposable {
  readonly digest: Digest;
  /** Makes them durable and gives them their name. */
  commit(): Promise<void>;
}

const CHUNK_BYTES = 1024 * 1024;

/** Writes and hashes what comes. Nothing is left when it fails. */
export async function ingestFile(
  { folder, commit }: { folder: string; commit: (path: string, digest: Digest) => Promise<void> },
  source: AsyncIterable<Uint8Array>,
  options: IngestOptions,
): Promise<Ingested> {
  const temporary = await mkdtemp(join(folder, 'blob-'));
  const dispose = (): Promise<void> => rm(temporary, { recursive: true, force: true });
  const path = join(temporary, 'data');
  try {
    const digest = await writeHashed(path, source, options);
    return {
      digest,
      async commit() {
        {
          await using file = await open(path, 'r+');
          // The name promises complete content, so the bytes go to the disk before the name does.
          await file.datasync();
          await file.chmod(0o444);
        }
        await commit(path, digest);
      },
      [Symbol.asyncDispose]: dispose,
    };
  } catch (error) {
    await dispose();
    throw error;
  }
}

async function writeHashed(
  path: string,
  source: AsyncIterable<Uint8Array>,
  { limitBytes, signal }: IngestOptions,
): Promise<Digest> {
  await using file = await open(path, 'wx', 0o600);
  const hash = createHash('sha256');
  let size = 0;
  let gathered: Uint8Array[] = [];
  let gatheredBytes = 0;
  const flush = async (): Promise<void> => {
    const chunks = gathered;
    gathered = [];
    gatheredBytes = 0;
    await writeAll(file, chunks, path);
  };
  for await (const chunk of source) {
    if (signal?.aborted === true) throw new CancelledError('writing content was cancelled', { cause: signal.reason });
    size += chunk.byteLength;
    if (size > limitBytes) throw new TooLargeError(`content exceeds its limit of ${limitBytes} bytes`);
    hash.update(chunk);
    gathered.push(chunk);
    gatheredBytes += chunk.byteLength;
    // Sockets give small pieces; the disk gets large ones.
    if (gatheredBytes >= CHUNK_BYTES) await flush();
  }
  await flush();
  return `sha256:${hash.digest('hex')}`;
}

async function writeAll(file: FileHandle, chunks: Uint8Array[], path: string): Promise<void> {
  try {
    for (let rest = chunks; rest.length > 0;) {
      const { bytesWritten } = await file.writev(rest.slice(0, 512));
      rest = after(rest, bytesWritten);
    }
  } catch (error) {
    throw fileError(error, path);
  }
}

/** What is left of the chunks behind the first `bytes`. */
function after(chunks: Uint8Array[], bytes: number): Uint8Array[] {
  let index = 0;
  let left = bytes;
  for (let chunk = chunks[0]; chunk !== undefined && left >= chunk.byteLength; chunk = chunks[index]) {
    left -= chunk.byteLength;
    index += 1;
  }
  const [first, ...others] = chunks.slice(index);
  return first === undefined ? [] : [first.subarray(left), ...others];
}
