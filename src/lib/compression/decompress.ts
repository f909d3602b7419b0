import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Readable, Writable } from 'node:stream';
import { createGunzip, createZstdDecompress } from 'node:zlib';
import { BerthError, InvalidArgumentError, TooLargeError, UnavailableError } from '#lib/errors.ts';
import { eachZstdFrame } from './zstd-frames.ts';
import { type Compression, detectCompression, MAGIC_BYTES } from './detect.ts';

export interface DecompressOptions {
  /** Stops beyond this many bytes of output. */
  limitBytes?: number;
  /** Stops when the output exceeds `FREE_BYTES` and this many times the input: a bomb. */
  ratio?: number;
}

/** Output that is never taken for a bomb. */
const FREE_BYTES = 1024 ** 3;
const CHUNK_BYTES = 1024 * 1024;
const DEFAULT_RATIO = 100;

/**
 * The bytes behind any compression, none included; several members or frames in a row are one stream. A piece of the source is not used
 * any more when the next is asked for; without compression the pieces are passed on.
 * @throws {InvalidArgumentError} if the stream is broken or grows like a bomb; {TooLargeError} beyond `limitBytes`;
 * {UnavailableError} if the program for xz or bzip2 is not installed
 */
export function decompress(
  source: AsyncIterable<Uint8Array>,
  { limitBytes = Number.POSITIVE_INFINITY, ratio = DEFAULT_RATIO }: DecompressOptions = {},
): AsyncIterableIterator<Uint8Array> {
  const counted = { in: 0, out: 0 };
  let output: AsyncIterator<Uint8Array> | undefined;
  const check = (result: IteratorResult<Uint8Array>): IteratorResult<Uint8Array> => {
    if (result.done === true) return result;
    counted.out += result.value.byteLength;
    if (counted.out > limitBytes) throw new TooLargeError(`content exceeds its limit of ${limitBytes} bytes`);
    if (counted.out > FREE_BYTES + counted.in * ratio)
      throw new InvalidArgumentError('compressed content grows like a bomb', {
        why: `${counted.in} bytes became more than ${counted.out}`,
      });
    return result;
  };
  // By hand, because plain content comes by the gigabyte and a generator costs more than all else that is done to it.
  return {
    [Symbol.asyncIterator]() {
      return this;
    },
    async next() {
      if (output === undefined) {
        const { compression, stream } = await peek(source, counted);
        output = open(compression, stream);
      }
      try {
        return check(await output.next());
      } catch (error) {
        await output.return?.();
        throw error;
      }
    },
    async return() {
      if (output === undefined) await source[Symbol.asyncIterator]().return?.();
      else await output.return?.();
      return { done: true, value: undefined };
    },
  };
}

async function peek(
  source: AsyncIterable<Uint8Array>,
  counted: { in: number },
): Promise<{ compression: Compression; stream: AsyncIterableIterator<Uint8Array> }> {
  const iterator = source[Symbol.asyncIterator]();
  let head: Buffer = Buffer.alloc(0);
  while (head.length < MAGIC_BYTES) {
    const { value, done } = await iterator.next();
    if (done === true) break;
    // A copy of what is too short: its memory may be gone when the next piece is asked for.
    const isEnough = head.length === 0 && value.byteLength >= MAGIC_BYTES;
    head = isEnough ? Buffer.from(value.buffer, value.byteOffset, value.byteLength) : Buffer.concat([head, value]);
  }
  const compression = detectCompression(head);
  let first: Buffer | undefined = head.length > 0 ? head : undefined;
  const count = (result: IteratorResult<Uint8Array>): IteratorResult<Uint8Array> => {
    if (result.done === true) return result;
    counted.in += result.value.byteLength;
    // Decoders read what they were given in threads of their own, when its memory may be gone here.
    return compression === 'none' ? result : { done: false, value: Buffer.from(result.value) };
  };
  const stream: AsyncIterableIterator<Uint8Array> = {
    [Symbol.asyncIterator]: () => stream,
    async next() {
      if (first === undefined) return count(await iterator.next());
      const value = first;
      first = undefined;
      return count({ done: false, value });
    },
    async return() {
      await iterator.return?.();
      return { done: true, value: undefined };
    },
  };
  return { compression, stream };
}

function open(compression: Compression, stream: AsyncIterableIterator<Uint8Array>): AsyncIterator<Uint8Array> {
  if (compression === 'none') return stream;
  // Node's decoder ends with the first frame.
  return compression === 'zstd'
    ? eachZstdFrame(stream, (frame) => inflate('zstd', frame))
    : inflate(compression, stream);
}

async function* inflate(
  kind: Exclude<Compression, 'none'>,
  input: AsyncIterableIterator<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  const transform = kind === 'gzip' || kind === 'zstd' ? zlibTransform(kind) : programTransform(kind);
  // A failure of the source must reach the reader as it is, not as a broken stream.
  const fed = feed(input, transform.writable).catch((error: unknown) => {
    transform.readable.destroy(error as Error);
  });
  try {
    yield* transform.readable as AsyncIterable<Uint8Array>;
    await transform.done;
  } catch (error) {
    throw inflateError(kind, error);
  } finally {
    transform.writable.destroy();
    transform.readable.destroy();
    await input.return?.();
    await fed;
  }
}

interface Transform {
  writable: Writable;
  readable: Readable;
  /** Settles after the last byte. */
  done: Promise<void>;
}

function zlibTransform(kind: 'gzip' | 'zstd'): Transform {
  const stream =
    kind === 'gzip' ? createGunzip({ chunkSize: CHUNK_BYTES }) : createZstdDecompress({ chunkSize: CHUNK_BYTES });
  return { writable: stream, readable: stream, done: Promise.resolve() };
}

/** A stream says itself how much memory it needs; the strongest setting of xz needs 65 MiB. */
const XZ_LIMITS = ['--memlimit-decompress=256MiB'];

function programTransform(kind: 'xz' | 'bzip2'): Transform {
  const child = spawn(kind, ['-d', '-c', ...(kind === 'xz' ? XZ_LIMITS : [])], {
    stdio: ['pipe', 'pipe', 'ignore'],
    cwd: '/',
    env: { PATH: process.env['PATH'] },
  });
  const done = exit(kind, child);
  done.catch((error: unknown) => child.stdout.destroy(error as Error));
  child.stdout.on('close', () => child.kill('SIGKILL'));
  return { writable: child.stdin, readable: child.stdout, done };
}

async function exit(kind: string, child: ReturnType<typeof spawn>): Promise<void> {
  const [code] = (await once(child, 'exit').catch((error: unknown) => {
    if ((error as { code?: string }).code === 'ENOENT')
      throw new UnavailableError(`${kind} is not installed`, { hint: `install the package that has ${kind}` });
    throw error;
  })) as [number | null];
  if (code !== 0 && code !== null) throw new InvalidArgumentError(`content is not valid ${kind}`);
}

/** Ends quietly when the target fails: what is wrong with it comes out of its other side. Fails if the input does. */
async function feed(input: AsyncIterable<Uint8Array>, target: Writable): Promise<void> {
  const closed = Promise.withResolvers<void>();
  target.on('close', closed.resolve).on('error', () => closed.resolve());
  for await (const chunk of input) {
    if (target.destroyed) return;
    if (!target.write(chunk)) await Promise.race([once(target, 'drain').catch(() => {}), closed.promise]);
  }
  target.end();
}

function inflateError(kind: string, error: unknown): Error {
  if (error instanceof BerthError) return error;
  const { code } = error as { code?: string };
  if (
    code?.startsWith('Z_') === true ||
    code?.startsWith('ZSTD_') === true ||
    code === 'ERR_ZLIB_INITIALIZATION_FAILED'
  )
    return new InvalidArgumentError(`content is not valid ${kind}: ${(error as Error).message}`, { cause: error });
  return error as Error;
}
