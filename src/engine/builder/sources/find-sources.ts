import { cleanPath } from '#dockerfile/clean-path.ts';
import { compileIgnore, isPattern, matchesName } from '#dockerfile/ignore.ts';
import { InvalidArgumentError, NotFoundError } from '#lib/errors.ts';
import type { Source, SourceTree } from './source-tree.ts';
import { type Selection, walkSource } from './walk-source.ts';

/** The sources that a word names; several when it is a pattern. @throws {NotFoundError} {InvalidArgumentError} with Docker's texts */
export function findSources(tree: SourceTree, written: string, exclude: readonly string[]): Source[] {
  const found = matchSources(tree, written, exclude);
  if (found.length === 0)
    throw new InvalidArgumentError('COPY failed: no source files were specified', {
      why: `nothing matches ${written}`,
    });
  return found;
}

/** The same, where a pattern may match nothing. */
export function matchSources(tree: SourceTree, written: string, exclude: readonly string[]): Source[] {
  const path = relativePath(written);
  const isMany = isPattern(path);
  const found = isMany ? matchPaths(tree, path.split('/')) : [path];
  const selection = { exclude: exclude.length === 0 ? undefined : compileIgnore(exclude) };
  return found.flatMap((name) => readSource(tree, { name, written, isMany }, selection));
}

/**
 * What `--parents` takes: the folder before `/./`, or the top, with those of the things below it that the rest names and the folders they are in.
 * @throws {NotFoundError}
 */
export function matchParents(tree: SourceTree, written: string, exclude: readonly string[]): Source[] {
  const pivot = written.indexOf('/./');
  const folder = relativePath(pivot < 0 ? '' : written.slice(0, pivot));
  const pattern = relativePath(pivot < 0 ? written : written.slice(pivot + '/./'.length));
  const selection: Selection = {
    exclude: exclude.length === 0 ? undefined : compileIgnore(exclude),
    include: pattern === '' ? undefined : compileIgnore([pattern]),
  };
  const folders = isPattern(folder) ? matchPaths(tree, folder.split('/')) : [folder];
  const found = folders.flatMap((name) => readSource(tree, { name, written, isMany: isPattern(folder) }, selection));
  const isFound = found.some(({ entries }) => entries.some(({ relative }) => relative === pattern));
  if (!isFound && !isPattern(folder) && !isPattern(pattern) && pattern !== '') throw missing(tree, written);
  return found;
}

/** What lies above the top is the top. */
function relativePath(written: string): string {
  return cleanPath(`/${written}`).slice(1);
}

/** Links are followed before the first part that is a pattern, and not behind it. */
function matchPaths({ root }: SourceTree, parts: readonly string[]): string[] {
  const start = parts.findIndex((part) => isPattern(part));
  const top = parts.slice(0, start).join('/');
  let found = root.stat(top)?.isDirectory() === true ? [top] : [];
  for (const part of parts.slice(start)) {
    const isFolder = (path: string): boolean => path === top || root.lstat(path)?.isDirectory() === true;
    const namesIn = (folder: string): string[] =>
      isPattern(part) ? root.readdir(folder).filter((name) => matchesName(part, name)) : [part];
    found = found
      .filter(isFolder)
      .flatMap((folder) => namesIn(folder).map((name) => (folder === '' ? name : `${folder}/${name}`)));
    found = found.filter((path) => root.lstat(path) !== undefined);
  }
  return found;
}

interface Named {
  name: string;
  written: string;
  /** One of many that a pattern may match. */
  isMany: boolean;
}

/** None of what is left out by the ignore file. */
function readSource(tree: SourceTree, { name, written, isMany }: Named, selection: Selection): Source[] {
  const real = resolveSource(tree, name);
  const entries = real === undefined ? [] : walkSource(tree, real, selection);
  const [first] = entries;
  if (first === undefined && isMany) return [];
  if (first === undefined) throw missing(tree, written);
  return [
    { name: name.slice(name.lastIndexOf('/') + 1), path: name, isDirectory: first.kind === 'directory', entries },
  ];
}

/** A link that is named leads to what it points at, inside the source. */
function resolveSource({ root }: SourceTree, name: string): string | undefined {
  try {
    const real = root.resolveInRoot(name, { follow: true }).slice(1);
    return root.lstat(real) === undefined ? undefined : real;
  } catch (error) {
    if (error instanceof NotFoundError || error instanceof InvalidArgumentError) return undefined;
    throw error;
  }
}

function missing(tree: SourceTree, written: string): NotFoundError | InvalidArgumentError {
  const { kind } = tree;
  if (kind === 'context' && /^(\.\/)?\.\.(\/|$)/.test(written))
    return new InvalidArgumentError(`COPY failed: forbidden path outside the build context: ${written} ()`, {
      why: 'the context is all that a build sees',
      hint: 'move the file into the context, or build from a folder above',
    });
  const shown = written.replace(/^\.?\//, '');
  const link = brokenLink(tree, relativePath(written));
  const place = kind === 'context' ? 'the build context' : 'the image or stage';
  const reason = link !== undefined && {
    why: `${link.path} is a link to ${link.target}, which is not in ${place}: links are followed inside it alone`,
    hint: `copy what it leads to, under a path of ${place}`,
  };
  const what =
    kind === 'context'
      ? `file not found in build context or excluded by .dockerignore: stat ${shown}: file does not exist`
      : `stat ${shown}: file does not exist`;
  return new NotFoundError(`COPY failed: ${what}`, reason === false ? {} : reason);
}

/** The link on the way to something that leads nowhere inside the tree. */
function brokenLink({ root }: SourceTree, path: string): { path: string; target: string } | undefined {
  const parts = path.split('/');
  for (let end = 1; end <= parts.length; end++) {
    const part = parts.slice(0, end).join('/');
    const stats = root.lstat(part);
    if (stats === undefined) return undefined;
    if (stats.isSymbolicLink() && !isThere(root, part)) return { path: part, target: root.readlink(part) };
  }
  return undefined;
}

function isThere(root: SourceTree['root'], path: string): boolean {
  try {
    return root.stat(path) !== undefined;
  } catch (error) {
    if (error instanceof NotFoundError || error instanceof InvalidArgumentError) return false;
    throw error;
  }
}
