import { stat } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import type { Readable } from 'node:stream';
import { NotFoundError } from '#lib/errors.ts';
import { unpackArchive } from './unpack-archive.ts';
import { UsageError } from '../parse-options.ts';

export interface UnpackTo {
  /** First component of the archive's names. */
  name: string;
  isDirectory: boolean;
  /** The content of the folder, not the folder. */
  contentOnly: boolean;
  /** Absolute; a slash at the end means a folder. */
  target: string;
}

/** Unpacks what a container sent, under the name that `cp -a` would give it. @throws {NotFoundError, UsageError} */
export async function unpackTo(archive: Readable, { name, isDirectory, contentOnly, target }: UnpackTo): Promise<void> {
  const there = await stat(target.replace(/(.)\/$/, '$1')).catch(() => undefined);
  if (there?.isDirectory() === true) {
    await unpackArchive(archive, { folder: target, rename: contentOnly ? { from: name, to: '.' } : undefined });
    return;
  }
  if (there !== undefined && isDirectory) throw new UsageError(`cannot copy a folder over the file ${target}`);
  if (there === undefined && target.endsWith('/') && !isDirectory)
    throw new NotFoundError(`no such directory: ${target}`, { why: 'a file is copied into a folder that is there' });
  const bare = target.replace(/(.)\/$/, '$1');
  await unpackArchive(archive, { folder: dirname(bare), rename: { from: name, to: basename(bare) } });
}
