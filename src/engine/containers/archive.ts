import { basename, posix } from 'node:path';
import type { Stats } from 'node:fs';
import { InvalidArgumentError, NotFoundError } from '#lib/errors.ts';
import { decompress } from '#lib/compression/decompress.ts';
import type { Root } from '#lib/files/open-root.ts';
import { createTarParser } from '#lib/tar/parser.ts';
import { cleanName } from '#lib/tar/clean-name.ts';
import { createExtractor, type ExtractOptions } from '#engine/snapshots/tree/extractor.ts';
import { feedParser } from '#engine/snapshots/tree/feed-parser.ts';
import { packTree } from '#engine/snapshots/tree/pack-tree.ts';
import { type Context, publish } from './context.ts';
import type { ContainerRecord } from './record.ts';
import { withTree } from './tree.ts';
import { lookupUserIn } from './users.ts';

/** What is at a path of a container. */
export interface PathStat {
  name: string;
  /** Bytes. */
  size: number;
  /** st_mode. */
  mode: number;
  /** Milliseconds since epoch. */
  mtimeMs: number;
  /** Empty if it is no symbolic link. */
  linkTarget: string;
}

/** @throws {NotFoundError} `Could not find the file x in container y` */
export async function statPath(context: Context, name: string, path: string): Promise<PathStat> {
  const record = context.records.find(name);
  return withTree(context, record.id, async (root) => statIn(root, path, name).stat);
}

/**
 * Hands a file or folder out as a tar, a folder under its own name. `work` is told what it is before it gets the bytes.
 * @throws {NotFoundError}
 */
export async function getArchive(
  context: Context,
  { name, path, signal }: { name: string; path: string; signal?: AbortSignal },
  work: (stat: PathStat, tar: AsyncIterable<Uint8Array>) => Promise<void>,
): Promise<void> {
  const record = context.records.find(name);
  await withTree(context, record.id, async (root) => {
    const { stat, real } = statIn(root, path, name);
    await work(stat, packTree(root, real, { as: archiveName(path), signal, skip: skipOf(record) }));
  });
  publish(context, record, { action: 'archive-path', attributes: {} });
}

/** As Docker names it: the last part of the path asked for, so that the client can rename it. */
function archiveName(path: string): string {
  if (/(?:^|\/)\.$/.test(path)) return '.';
  const clean = posix.normalize(`/${path}`);
  return clean === '/' ? '/' : basename(clean);
}

/** Kernel file systems have no end. */
function skipOf(record: ContainerRecord): (path: string) => boolean {
  const skipped = new Set(record.task === undefined ? [] : ['/proc', '/sys']);
  return (path) => skipped.has(posix.normalize(`/${path}`));
}

export interface PutOptions {
  /** Refuse to replace a folder by something else, and the reverse. */
  keepKinds: boolean;
  /** Give the files to the container's user. */
  toUser: boolean;
  signal?: AbortSignal;
}

/**
 * Unpacks a tar, in any compression, into a folder of a container. It is decompressed before the tree is entered, and nothing of the
 * container is executed.
 * @throws {NotFoundError}; {InvalidArgumentError} if the path is no folder, the archive is broken, or the place is read-only
 */
export async function putArchive(
  context: Context,
  { name, path }: { name: string; path: string },
  { source, options }: { source: AsyncIterable<Uint8Array>; options: PutOptions },
): Promise<void> {
  const record = context.records.find(name);
  checkWritable(record, path);
  await withTree(context, record.id, async (root) => {
    const real = resolve(root, path, { name, follow: true });
    if (root.stat(real)?.isDirectory() !== true) throw new InvalidArgumentError('extraction point is not a directory');
    const owner = options.toUser && record.config.user !== '' ? lookupUserIn(root, record.config.user) : undefined;
    await extractBelow({ root, folder: real }, source, {
      keepKinds: options.keepKinds,
      signal: options.signal,
      ...(owner === undefined ? {} : { owner: { uid: owner.uid, gid: owner.gid } }),
    });
  });
  publish(context, record, { action: 'extract-to-dir', attributes: { path } });
}

/** Writes the entries below a folder of a tree. Links in the tree lead on inside it, as its own processes would go. */
async function extractBelow(
  { root, folder }: { root: Root; folder: string },
  source: AsyncIterable<Uint8Array>,
  { signal, ...options }: ExtractOptions & { signal?: AbortSignal | undefined },
): Promise<void> {
  using extractor = createExtractor(root, options);
  const at = (name: string): string => `${folder}/${cleanName(name)}`;
  const parser = createTarParser({
    entry: (header, contentAt) => {
      const linkName = header.kind === 'link' ? at(header.linkName) : header.linkName;
      extractor.entry({ ...header, name: at(header.name), linkName }, contentAt);
    },
    data: (chunk, offset) => extractor.data(chunk, offset),
    end: () => extractor.end(),
  });
  await feedParser(parser, decompress(source), signal);
  extractor.finish();
}

function checkWritable({ hostConfig, mounts }: ContainerRecord, path: string): void {
  const target = posix.normalize(`/${path}`);
  const inside = mounts
    .filter(({ destination }) => target === destination || target.startsWith(`${destination}/`))
    .toSorted((a, b) => b.destination.length - a.destination.length);
  const [nearest] = inside;
  if (nearest !== undefined && !nearest.writable) throw new InvalidArgumentError('mounted volume is marked read-only');
  if (nearest === undefined && hostConfig.readonlyRootfs)
    throw new InvalidArgumentError('container rootfs is marked read-only');
}

function statIn(root: Root, path: string, name: string): { stat: PathStat; real: string } {
  // A trailing slash or dot asks for what a link points at.
  const real = resolve(root, path, { name, follow: /\/\.?$/.test(path) });
  const stats = real === '/' ? root.stat('/') : root.lstat(real);
  if (stats === undefined) throw missing(path, name);
  const clean = posix.normalize(`/${path}`).replace(/\/$/, '');
  return {
    real,
    stat: toStat(stats, { name: clean === '' ? '/' : basename(clean), target: linkTarget(root, real, stats) }),
  };
}

function linkTarget(root: Root, real: string, stats: Stats): string {
  return stats.isSymbolicLink() ? root.resolveInRoot(real, { follow: true }) : '';
}

function toStat(stats: Stats, { name, target }: { name: string; target: string }): PathStat {
  return { name, size: stats.size, mode: stats.mode, mtimeMs: stats.mtimeMs, linkTarget: target };
}

function resolve(root: Root, path: string, { name, follow }: { name: string; follow: boolean }): string {
  if (path === '') throw new InvalidArgumentError("bad parameter: 'path' cannot be empty");
  try {
    const real = root.resolveInRoot(path, { follow });
    if (root.lstat(real) === undefined && real !== '/') throw missing(path, name);
    return real;
  } catch (error) {
    if (error instanceof NotFoundError) throw missing(path, name);
    throw error;
  }
}

function missing(path: string, name: string): NotFoundError {
  return new NotFoundError(`Could not find the file ${path} in container ${name}`);
}
