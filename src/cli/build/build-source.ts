import { readFile, stat } from 'node:fs/promises';
import { posix, relative, resolve, sep } from 'node:path';
import { compileIgnore, ignoreLines } from '#dockerfile/ignore.ts';
import type { HostFolder } from '#api/build-order.ts';
import { NotFoundError } from '#lib/errors.ts';
import { packContext } from '#project/pack-context.ts';
import { UsageError } from '../parse-options.ts';

/** Where the files of a build come from, as a person names it. */
export interface BuildSource {
  /** The folder, where it is one of this host. */
  folder: HostFolder | undefined;
  /** The address of a repository or archive that the engine fetches. */
  remote: string | undefined;
  /** The same files as an archive; to be read once. */
  archive: AsyncIterable<Uint8Array>;
  dockerfile: {
    /** Path within the context. */
    name: string;
    /** Its text, where this side has it. */
    text: string | undefined;
    /** It lies outside the context. */
    isOutside: boolean;
  };
}

/** @throws {NotFoundError} for a folder or Dockerfile that is not there; {UsageError} */
export async function openBuildSource(place: string, file: string | undefined): Promise<BuildSource> {
  if (place === '-') return fromInput(file);
  if (/^(https?|git|ssh):\/\/|^git@|^github\.com\//.test(place)) {
    const dockerfile = { name: file ?? 'Dockerfile', text: undefined, isOutside: false };
    return { folder: undefined, remote: place, archive: packFiles(new Map()), dockerfile };
  }
  return fromFolder(place, file);
}

/** @throws {NotFoundError} */
export async function findFolder(place: string): Promise<HostFolder> {
  const folder = resolve(place);
  const facts = await stat(folder, { bigint: true }).catch(() => undefined);
  if (facts?.isDirectory() === true) return { folder, device: `${facts.dev}`, inode: `${facts.ino}` };
  throw new NotFoundError(`no such folder: ${place}`, {
    why: 'the last argument is the folder with the files of the build',
    hint: 'berth build .',
  });
}

async function fromFolder(place: string, file: string | undefined): Promise<BuildSource> {
  const found = await findFolder(place);
  const { folder } = found;
  const path = file === undefined ? resolve(folder, 'Dockerfile') : resolve(file);
  const text = await readDockerfile(path, file);
  const inside = relative(folder, path).split(sep).join('/');
  const isOutside = file === '-' || inside.startsWith('../') || inside === '..';
  const name = isOutside ? '.dockerfile' : inside;
  const ignore = await readFirst([`${path}.dockerignore`, resolve(folder, '.dockerignore')]);
  // The engine reads both, so they are sent whatever the list says.
  const filter =
    ignore === undefined ? undefined : compileIgnore([...ignoreLines(ignore), `!${name}`, '!.dockerignore']);
  const extra = new Map([
    ...(isOutside ? [[name, text] as const] : []),
    ...(ignore === undefined ? [] : [['.dockerignore', ignore] as const]),
  ]);
  return {
    folder: found,
    remote: undefined,
    archive: packContext(folder, { extra, filter }),
    dockerfile: { name: posix.normalize(name), text, isOutside },
  };
}

async function readDockerfile(path: string, file: string | undefined): Promise<string> {
  if (file === '-')
    return Buffer.concat(await Array.fromAsync(process.stdin as AsyncIterable<Buffer>)).toString('utf8');
  return readFile(path, 'utf8').catch((error: Error) => {
    throw new NotFoundError(`cannot read the Dockerfile ${file ?? path}`, {
      why: error.message,
      hint: 'name it with --file',
    });
  });
}

async function readFirst(paths: readonly string[]): Promise<string | undefined> {
  for (const path of paths) {
    const text = await readFile(path, 'utf8').catch(() => undefined);
    if (text !== undefined) return text;
  }
  return undefined;
}

/** A Dockerfile is text, an archive is not. */
async function fromInput(file: string | undefined): Promise<BuildSource> {
  if (process.stdin.isTTY)
    throw new UsageError('nothing is read from a terminal', { hint: 'send an archive or a Dockerfile in' });
  const input = process.stdin[Symbol.asyncIterator]() as AsyncIterator<Buffer>;
  const first = await input.next();
  const head = first.done === true ? Buffer.alloc(0) : first.value;
  const isText =
    !head.subarray(0, 512).includes(0) &&
    !/^(\x1f\x8b|BZh|\xfd7zXZ|\x28\xb5\x2f\xfd)/.test(head.toString('latin1', 0, 8)); // eslint-disable-line no-control-regex -- magic numbers
  const all = rest(head, input);
  const dockerfile = { name: file ?? 'Dockerfile', text: undefined, isOutside: false };
  if (!isText) return { folder: undefined, remote: undefined, archive: all, dockerfile };
  const text = Buffer.concat(await Array.fromAsync(all)).toString('utf8');
  return {
    folder: undefined,
    remote: undefined,
    archive: packFiles(new Map([['Dockerfile', text]])),
    dockerfile: { name: 'Dockerfile', text, isOutside: false },
  };
}

async function* rest(head: Buffer, input: AsyncIterator<Buffer>): AsyncGenerator<Buffer> {
  yield head;
  for (let next = await input.next(); next.done !== true; next = await input.next()) yield next.value;
}

/** An archive of nothing but these files. */
function packFiles(files: ReadonlyMap<string, string>): AsyncIterable<Uint8Array> {
  return packContext('/', { extra: files, filter: { excludes: () => true, mayHoldExceptions: () => false } });
}
