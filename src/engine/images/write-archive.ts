import { CancelledError } from '#lib/errors.ts';
import { paddingOf, tarHeader } from '#lib/tar/header.ts';
import { TAR_END, tarEntry, tarPadding } from '#lib/tar/writer.ts';
import { type Digest, hexOf } from '#oci/digest.ts';

/** A file of an archive of images. */
export interface ArchiveFile {
  path: string;
  /** Bytes; exactly as many come. */
  size: number;
  /** Pieces belong to the reader: nobody else uses their memory. */
  open: () => AsyncIterable<Uint8Array> | Promise<AsyncIterable<Uint8Array>>;
}

/** An archive that is made while it is read. Its pieces belong to the reader: nobody else uses their memory. */
export type WrittenArchive = AsyncGenerator<Uint8Array> & { totalBytes: number };

/** A file that is held in memory. */
export function archiveFile(path: string, bytes: Uint8Array): ArchiveFile {
  return { path, size: bytes.length, open: () => once(bytes) };
}

export function jsonFile(path: string, value: unknown): ArchiveFile {
  return archiveFile(path, Buffer.from(JSON.stringify(value)));
}

/** Where a layout has a blob (OCI image-spec, image-layout.md#blobs). */
export function blobPath(digest: Digest): string {
  return `blobs/sha256/${hexOf(digest)}`;
}

/**
 * A layout as a tar: folders, then files by name. Equal files give equal bytes.
 * @param options.held let go when the archive was read, or nobody reads on
 */
export function writeArchive(
  files: readonly ArchiveFile[],
  options: { held?: Disposable; signal?: AbortSignal | undefined } = {},
): WrittenArchive {
  const sorted = files.toSorted((a, b) => (a.path < b.path ? -1 : 1));
  return Object.assign(writeFiles(sorted, options), { totalBytes: archiveBytes(sorted) });
}

const FOLDERS = ['blobs/', 'blobs/sha256/'].map((name) => tarEntry(tarHeader({ name, kind: 'directory' })));

function headerOf({ path, size }: ArchiveFile): Buffer {
  return tarEntry(tarHeader({ name: path, kind: 'file', mode: 0o444, size }));
}

function archiveBytes(files: readonly ArchiveFile[]): number {
  const folders = FOLDERS.reduce((sum, { length }) => sum + length, TAR_END.length);
  return files.reduce((sum, file) => sum + headerOf(file).length + file.size + paddingOf(file.size), folders);
}

async function* writeFiles(
  files: readonly ArchiveFile[],
  { held, signal }: { held?: Disposable; signal?: AbortSignal | undefined },
): AsyncGenerator<Uint8Array> {
  using _ = held;
  yield Buffer.concat(FOLDERS);
  for (const file of files) {
    const content = await file.open();
    yield headerOf(file);
    for await (const chunk of content) {
      if (signal?.aborted === true) throw new CancelledError('saving was cancelled', { cause: signal.reason });
      yield chunk;
    }
    yield Buffer.from(tarPadding(file.size));
  }
  yield Buffer.from(TAR_END);
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield Buffer.from(bytes);
}
