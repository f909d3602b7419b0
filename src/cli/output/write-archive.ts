import { createWriteStream } from 'node:fs';
import { rename, rm, stat } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { PermissionDeniedError } from '#lib/errors.ts';
import { UsageError } from '../parse-options.ts';
import type { Output } from './output.ts';
import { type Transfer, watchTransfer } from './transfer.ts';

const WRITE_BYTES = 1024 * 1024;

/**
 * Writes an archive to a file, which appears when it is whole, or to standard output; a device or a pipe takes the bytes as they come.
 * @throws {UsageError} for a terminal
 */
export async function writeArchive(
  output: Output,
  archive: Readable,
  { path, transfer }: { path: string | undefined; transfer: Transfer },
): Promise<void> {
  const watched = watchTransfer(output, archive as AsyncIterable<Uint8Array>, transfer);
  if (path === undefined || path === '-') {
    if (output.stdout.isTTY) {
      archive.destroy();
      throw new UsageError('an archive is not written to a terminal', {
        hint: 'use --output FILE, or send it on: > file.tar',
      });
    }
    for await (const chunk of watched) await output.bytes(chunk);
    return;
  }
  const facts = await stat(path).catch(() => undefined);
  const isPlain = facts === undefined || facts.isFile();
  const temporary = isPlain ? `${path}.${process.pid}.tmp` : path;
  const flags = isPlain ? 'wx' : 'w';
  try {
    await pipeline(watched, createWriteStream(temporary, { flags, highWaterMark: WRITE_BYTES }));
    if (isPlain) await rename(temporary, path);
  } catch (error) {
    if (isPlain) await rm(temporary, { force: true });
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === undefined || !/^E[A-Z]+$/.test(code)) throw error;
    throw new PermissionDeniedError(`cannot write ${path}`, { why: message, cause: error });
  }
}
