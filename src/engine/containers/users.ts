import { closeSync, readSync } from 'node:fs';
import { InvalidArgumentError } from '#lib/errors.ts';
import { findRegular } from '#lib/files/open-regular.ts';
import { openRoot, type Root } from '#lib/files/open-root.ts';

export interface User {
  uid: number;
  gid: number;
  additionalGids: readonly number[];
  /** From the passwd file; `/` for a user that is not in it. */
  home: string;
}

/** Files of an image are hostile input: a larger one is refused, not read (CVE-2026-47262). */
const FILE_LIMIT_BYTES = 1024 * 1024;
const ID_LIMIT = 2 ** 31 - 1;

/**
 * Looks `user[:group]` up in the tree's own passwd and group files, as Docker does.
 * @throws {InvalidArgumentError} if a name is in none of them, or a number is out of range
 */
export function lookupUser(rootfs: string, text: string, groupAdd: readonly string[] = []): User {
  using root = openRoot(rootfs);
  return lookupUserIn(root, text, groupAdd);
}

/** The same in a tree that is open. */
export function lookupUserIn(root: Root, text: string, groupAdd: readonly string[] = []): User {
  const passwd = readTable(root, '/etc/passwd');
  const groups = readTable(root, '/etc/group');
  const [userText = '', groupText = ''] = text.split(':', 2);
  const entry = passwd.find(([name, , uid]) => (userText === '' ? uid === '0' : name === userText || uid === userText));
  const uid = userText === '' ? 0 : numberOf(entry?.[2] ?? userText, `unable to find user ${userText}: no matching entries in passwd file`); // prettier-ignore
  const gid =
    groupText === '' ? numberOf(entry?.[3] ?? '0', 'invalid group in passwd file') : groupId(groups, groupText);
  const member = groupText === '' && entry !== undefined ? memberOf(groups, entry[0] ?? '') : [];
  const added = groupAdd.map((name) => groupId(groups, name));
  return { uid, gid, additionalGids: [...new Set([gid, ...member, ...added])], home: entry?.[5] || '/' };
}

function groupId(groups: readonly string[][], text: string): number {
  const entry = groups.find(([name, , gid]) => name === text || gid === text);
  return numberOf(entry?.[2] ?? text, `unable to find group ${text}: no matching entries in group file`);
}

function memberOf(groups: readonly string[][], name: string): number[] {
  const own = groups.filter(([, , , members = '']) => members.split(',').includes(name));
  return own.map(([, , gid = '']) => Number(gid)).filter((gid) => Number.isInteger(gid) && gid >= 0 && gid <= ID_LIMIT);
}

function numberOf(text: string, otherwise: string): number {
  if (!/^\d+$/.test(text)) throw new InvalidArgumentError(otherwise);
  const id = Number(text);
  if (id > ID_LIMIT) throw new InvalidArgumentError(`uids and gids must be in range 0-${ID_LIMIT}`);
  return id;
}

function readTable(root: Root, path: string): string[][] {
  const text = readSmallFile(root, path, FILE_LIMIT_BYTES);
  return text
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => line.trim().split(':'));
}

/** Text of a regular file below a root; empty if it is not there. @throws {InvalidArgumentError} if it is larger than the limit */
export function readSmallFile(root: Root, path: string, limitBytes: number): string {
  const file = findRegular(root, path);
  if (file === undefined) return '';
  const { fd, stats } = file;
  try {
    if (stats.size > limitBytes)
      throw new InvalidArgumentError(`${path} in the image is larger than ${limitBytes} bytes`);
    const bytes = Buffer.alloc(stats.size);
    const read = readSync(fd, bytes, 0, bytes.length, 0);
    return bytes.toString('utf8', 0, read);
  } finally {
    closeSync(fd);
  }
}
