import { randomBytes } from 'node:crypto';
import { open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { CancelledError, TooLargeError } from '#lib/errors.ts';
import { fileError } from '#lib/files/file-error.ts';
import type { Digest } from '#oci/digest.ts';
import type { HeldCandidates } from './dedupe/open-candidates.ts';
import type { WrittenLayer } from './finish-layer.ts';
import { encodeHeader } from './format.ts';
import { writeInline } from './inline-sink.ts';
import type { Holds } from './holds.ts';
import type { Lanes } from './lanes.ts';
import type { IngestLayerOptions } from './layer-store.ts';
import type { Candidates } from './matcher.ts';
import { requireSpace } from './reserve.ts';

/** A file that is a whole layer, under no name yet. */
export interface NewLayerFile extends AsyncDisposable {
  path: string;
  /** Name that no other file of the store has. */
  name: string;
  diffId: Digest;
  written: WrittenLayer;
}

/** Takes the tar's bytes and makes a layer's file of them, here or in other threads. */
export interface LayerSink {
  /** The chunk's memory may be used again once this settled. Resolves to nothing at once if there is no need to wait. */
  write(chunk: Uint8Array): Promise<void> | undefined;
  finish(): Promise<{ diffId: Digest; written: WrittenLayer }>;
  /** To be called in the end, after `finish` or in the middle; the file is then whatever it is. */
  stop(): Promise<void>;
}

export interface SinkTarget {
  path: string;
  candidates: Candidates | undefined;
}

export interface IngestFileOptions extends Omit<IngestLayerOptions, 'candidates'> {
  /** Asked if the tar is large enough for it. */
  findCandidates?: () => Promise<HeldCandidates | undefined>;
}

interface Places {
  /** Where the file is made. */
  folder: string;
  lanes: Lanes;
  holds: Holds;
}

/** A tar of less is dealt with here: waking other threads costs more. */
const SMALL_BYTES = 2 * 1024 * 1024;
/** The free space is looked at so often. */
const SPACE_STEP_BYTES = 32 * 1024 * 1024;

/**
 * Writes a tar as a layer's file into `folder`, hashing, checking and indexing it on the way. Nothing is left when it fails.
 * @throws {InvalidArgumentError} naming the entry; {TooLargeError}; {UnavailableError} if the disk is full; {CancelledError}
 */
export async function ingestFile(
  { folder, lanes, holds }: Places,
  tar: AsyncIterable<Uint8Array>,
  { findCandidates = async () => undefined, ...options }: IngestFileOptions,
): Promise<NewLayerFile> {
  const name = randomBytes(5).toString('hex');
  const path = join(folder, name);
  await using cleanup = new AsyncDisposableStack();
  cleanup.defer(() => rm(path, { force: true }));
  using candidates = new DisposableStack();
  const openSink = async (isLarge: boolean): Promise<LayerSink> => {
    const found = isLarge ? await findCandidates() : undefined;
    candidates.use(found);
    const target: SinkTarget = { path, candidates: found && { donors: found.donors, table: found.table } };
    return (isLarge ? lanes.take(target) : undefined) ?? writeInline(target);
  };
  try {
    await requireSpace(folder, 0);
    const { diffId, written } = await fill(limited(tar, { folder, ...options }), openSink);
    cleanup.use(holds.hold(written.trailer.donors));
    await writeFirstPage(path, diffId, written);
    const held = cleanup.move();
    return { path, name, diffId, written, [Symbol.asyncDispose]: () => held.disposeAsync() };
  } catch (error) {
    throw options.signal?.aborted === true ? cancelled(options.signal, error) : fileError(error, path);
  }
}

function cancelled({ reason }: AbortSignal, cause: unknown): Error {
  return cause instanceof CancelledError
    ? cause
    : new CancelledError('writing a layer was cancelled', { cause: cause ?? reason });
}

/** Small tars are gathered first; where a second thread can help, the rest goes there. */
async function fill(
  tar: AsyncIterable<Uint8Array>,
  openSink: (isLarge: boolean) => Promise<LayerSink>,
): Promise<{ diffId: Digest; written: WrittenLayer }> {
  const chunks = tar[Symbol.asyncIterator]();
  const gathered: Buffer[] = [];
  let sink: LayerSink | undefined;
  try {
    let next = await chunks.next();
    for (let bytes = 0; next.done !== true && bytes < SMALL_BYTES; next = await chunks.next()) {
      gathered.push(Buffer.from(next.value)); // a copy: the source may use its memory again
      bytes += next.value.byteLength;
    }
    sink = await openSink(next.done !== true);
    for (const piece of gathered.splice(0)) await sink.write(piece);
    for (; next.done !== true; next = await chunks.next()) {
      const room = sink.write(next.value);
      if (room !== undefined) await room;
    }
    return await sink.finish();
  } finally {
    await sink?.stop();
    await chunks.return?.();
  }
}

async function* limited(
  tar: AsyncIterable<Uint8Array>,
  { folder, limitBytes, signal }: IngestLayerOptions & { folder: string },
): AsyncGenerator<Uint8Array> {
  let bytes = 0;
  let checkedBytes = 0;
  for await (const chunk of tar) {
    if (signal?.aborted === true) throw cancelled(signal, undefined);
    bytes += chunk.byteLength;
    if (bytes > limitBytes) throw new TooLargeError(`a layer exceeds its limit of ${limitBytes} bytes`);
    if (bytes - checkedBytes >= SPACE_STEP_BYTES) {
      await requireSpace(folder, SPACE_STEP_BYTES);
      checkedBytes = bytes;
    }
    yield chunk;
  }
}

/** The last thing that is written: a file without it is no layer. */
async function writeFirstPage(path: string, diffId: Digest, written: WrittenLayer): Promise<void> {
  await using file = await open(path, 'r+');
  const header = { ...written, diffId, bodyDigest: Buffer.from(written.bodyDigest) };
  await file.write(encodeHeader(header, written.superblock), 0, undefined, 0);
}
