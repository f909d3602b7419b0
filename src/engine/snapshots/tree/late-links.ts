import { lstatSync } from 'node:fs';
import { InvalidArgumentError } from '#lib/errors.ts';
import type { Located, Root } from '#lib/files/open-root.ts';
import { unlessGone } from '#lib/files/unless-gone.ts';
import { makeNode } from '#linux/mknod.ts';
import { ffiPath } from './ffi-path.ts';
import { stillAt } from './still-at.ts';

/**
 * Hard links to files that are not in the tree yet. Until all entries are there, a socket holds the place of each, which no entry can be: a later entry
 * may replace it, or be a link to it.
 */
export interface LateLinks {
  /** Makes what holds the place. */
  add(place: Located, link: { path: string; target: string }): void;
  /** Another name was given to a file: one that holds a place, perhaps. */
  linked(place: Located): void;
  /** Puts the files in place. @throws {InvalidArgumentError} for a link to a folder, to nothing, or in a circle */
  settle(): void;
}

interface Link {
  path: string;
  target: string;
}

/** @param fetchTarget puts a file of that path into the tree, or answers false */
export function createLateLinks(root: Root, fetchTarget: (path: string) => boolean = () => false): LateLinks {
  const links = new Map<bigint, Link>();
  const names: { path: string; inode: bigint }[] = [];
  const add = (place: Located, link: Link): void => {
    makeNode(ffiPath(place), { kind: 'socket', mode: 0 });
    const inode = lstatSync(place.path, { bigint: true }).ino;
    links.set(inode, link);
    names.push({ path: place.canonical, inode });
  };
  return {
    add,
    linked(place) {
      if (links.size === 0) return;
      const inode = inodeAt(root, place.canonical);
      if (inode !== undefined && links.has(inode)) names.push({ path: place.canonical, inode });
    },
    settle() {
      const waiting = names.filter(({ path, inode }) => inodeAt(root, path) === inode);
      // All are looked up before one is put in place, so that their order makes no difference.
      const targets = waiting.map(({ inode }) => destination(root, links, inode));
      for (const [index, { path }] of waiting.entries()) {
        const { link, target } = targets[index] as { link: Link; target: string };
        if (root.lstat(target) === undefined && !fetchTarget(target)) throw noLinkTarget(link.path, link.target);
        root.remove(path);
        root.link(target, path);
      }
      links.clear();
      names.length = 0;
    },
  };
}

/** Follows links that hold a place to the file that they all stand for. */
function destination(
  root: Root,
  links: ReadonlyMap<bigint, Link>,
  first: bigint,
): { link: Link; target: string } | undefined {
  const passed = new Set<bigint>();
  const start = links.get(first);
  if (start === undefined) return undefined;
  for (let link = start; ;) {
    const target = canonicalPath(root, link.target);
    const stats = unlessGone(() => root.lstat(target));
    if (stats?.isDirectory() === true) throw noLinkTarget(link.path, link.target);
    const inode = stats === undefined ? undefined : inodeAt(root, target);
    const next = inode === undefined ? undefined : links.get(inode);
    if (inode === undefined || next === undefined) return { link: start, target };
    if (passed.has(inode))
      throw new InvalidArgumentError(`${link.path}: is a link to itself`, {
        hint: 'the archive names no file that it could be; make the image again',
      });
    passed.add(inode);
    link = next;
  }
}

/** Of a socket alone: the number of one that is gone may be that of another file now. */
function inodeAt(root: Root, path: string): bigint | undefined {
  const place = stillAt(root, path);
  const stats = place === undefined ? undefined : unlessGone(() => lstatSync(place.path, { bigint: true }));
  return stats?.isSocket() === true ? stats.ino : undefined;
}

/** Without symbolic links, as far as the folders of a path are there. */
function canonicalPath(root: Root, path: string): string {
  for (let slash = path.lastIndexOf('/'); slash > 0; slash = path.lastIndexOf('/', slash - 1)) {
    const folder = unlessGone(() => root.locate(`${path.slice(0, slash)}/.`).canonical);
    if (folder !== undefined) return folder === '' ? path.slice(slash + 1) : `${folder}${path.slice(slash)}`;
  }
  return path;
}

export function noLinkTarget(path: string, target: string): InvalidArgumentError {
  return new InvalidArgumentError(`${path}: is a link to ${target}, which is not a file of the archive`);
}
