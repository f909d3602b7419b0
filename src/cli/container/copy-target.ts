import { stat } from 'node:fs/promises';
import { basename, posix, resolve } from 'node:path';
import { NotFoundError } from '#lib/errors.ts';
import { UsageError } from '../parse-options.ts';

/** Where an archive is unpacked, and under which name its content. */
export interface CopyTarget {
  directory: string;
  name: string;
  /** The content of the folder, not the folder. */
  contentOnly: boolean;
}

/** Decides as `cp -a` does: into a folder that is there, or under a new name. @throws {NotFoundError, UsageError} */
export async function copyTarget(
  source: string,
  { path, target }: { path: string; target: 'directory' | 'file' | 'missing' },
): Promise<CopyTarget> {
  const isFolder = await stat(source).then(
    (found) => found.isDirectory(),
    (error: Error) => {
      throw new NotFoundError(`no such file: ${source}`, { why: error.message });
    },
  );
  const contentOnly = isFolder && /(^|\/)\.$/.test(source);
  if (target === 'directory')
    return contentOnly
      ? { directory: path, name: '.', contentOnly }
      : { directory: path, name: basename(resolve(source)), contentOnly: false };
  const bare = path.replace(/\/+$/, '');
  if (target === 'file' && isFolder) throw new UsageError(`cannot copy the folder ${source} over the file ${path}`);
  if (target === 'missing' && !isFolder && path.endsWith('/'))
    throw new NotFoundError(`no such directory: ${path}`, { why: 'a file is copied into a folder that is there' });
  return { directory: posix.dirname(bare) || '/', name: posix.basename(bare), contentOnly: false };
}
