import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';
import { realpath, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { InvalidArgumentError, NotFoundError } from '#lib/errors.ts';
import type { FileTree, TreeFile } from '#ml/files.ts';
import { decodeText } from './decode-text.ts';
import { type ListedFile, linkTarget, listFolder } from './list-folder.ts';
import { openModuleMemory } from './module-memory.ts';

export interface DiskFile extends TreeFile {
  /** Milliseconds since epoch. */
  readonly modifiedMs: number;
}

export interface DiskTree extends FileTree {
  readonly files: readonly DiskFile[];
}

export interface TreeOptions {
  /** What was read of Python files is taken from the user's cache, and kept there by `memory.save()`. */
  memory?: boolean;
}

/** Larger files are no source. */
const MAX_TEXT_BYTES = 8 * 1024 * 1024;

/**
 * A folder on disk as `ml` reads it. Links that lead out of it are left out, and so are version control and virtual environments.
 * @throws {NotFoundError} if there is no such folder; {InvalidArgumentError} if it is none
 */
export async function openTree(directory: string, options: TreeOptions = {}): Promise<DiskTree> {
  const root = await rootOf(directory);
  const { files, complete, passedOver } = listFolder(root);
  const byPath = new Map(files.map((file) => [file.path, file]));
  return {
    files, complete, passedOver,
    memory: options.memory === true ? openModuleMemory(root, byPath) : undefined,
    read: async (path) => {
      const bytes = readPart(root, byPath.get(path), { start: 0, length: MAX_TEXT_BYTES + 1 });
      return bytes === undefined || bytes.length > MAX_TEXT_BYTES ? undefined : decodeText(bytes);
    },
    bytes: async (path, start, length) => readPart(root, byPath.get(path), { start, length }),
  };
} // prettier-ignore

async function rootOf(directory: string): Promise<string> {
  const facts = await stat(directory).catch(() => undefined);
  if (facts === undefined)
    throw new NotFoundError(`there is no folder ${directory}`, {
      why: 'nothing of that name is there',
      hint: 'name the folder of a project: berth serve DIR',
    });
  if (!facts.isDirectory())
    throw new InvalidArgumentError(`${directory} is not a folder`, {
      why: 'a project is a folder with Python files',
      hint: 'name the folder that it lies in',
    });
  return realpath(directory);
}

/** Opens what was listed, and only a regular file inside the tree; nothing is waited for, whatever lies there by now. */
function readPart(
  root: string,
  file: ListedFile | undefined,
  { start, length }: { start: number; length: number },
): Buffer | undefined {
  if (file === undefined) return undefined;
  const path = file.isLink ? linkTarget(root, file.path)?.path : join(root, file.path);
  if (path === undefined) return undefined;
  let fd: number | undefined;
  try {
    fd = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    const facts = fstatSync(fd);
    if (!facts.isFile()) return undefined;
    const buffer = Buffer.allocUnsafe(Math.max(0, Math.min(length, facts.size - start)));
    let done = 0;
    while (done < buffer.length) {
      const count = readSync(fd, buffer, done, buffer.length - done, start + done);
      if (count === 0) break;
      done += count;
    }
    return buffer.subarray(0, done);
  } catch {
    return undefined;
  } finally {
    if (fd !== undefined) closeSync(fd);
  }
}
