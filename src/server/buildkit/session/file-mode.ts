import type { ContextEntry } from '#engine/builder/contexts/context-entry.ts';

/** Bits of a mode as BuildKit's clients send it: Go's `fs.FileMode`. */
const BITS = {
  directory: 2 ** 31,
  symlink: 2 ** 27,
  device: 2 ** 26,
  fifo: 2 ** 25,
  socket: 2 ** 24,
  setuid: 2 ** 23,
  setgid: 2 ** 22,
  character: 2 ** 21,
  sticky: 2 ** 20,
  irregular: 2 ** 19,
} as const;

type Kind = ContextEntry['kind'];

const has = (mode: number, bit: number): boolean => Math.floor(mode / bit) % 2 === 1;

/** What it says of a file; the kind is undefined for sockets and what has no name. */
export function readFileMode(mode: number): { kind: Kind | undefined; mode: number } {
  const special =
    (has(mode, BITS.setuid) ? 0o4000 : 0) |
    (has(mode, BITS.setgid) ? 0o2000 : 0) |
    (has(mode, BITS.sticky) ? 0o1000 : 0);
  return { kind: kindOf(mode), mode: (mode & 0o777) | special };
}

function kindOf(mode: number): Kind | undefined {
  if (has(mode, BITS.directory)) return 'directory';
  if (has(mode, BITS.symlink)) return 'symlink';
  if (has(mode, BITS.device)) return has(mode, BITS.character) ? 'character' : 'block';
  if (has(mode, BITS.fifo)) return 'fifo';
  return has(mode, BITS.socket) || has(mode, BITS.character) || has(mode, BITS.irregular) ? undefined : 'file';
}

const KIND_BITS: Readonly<Record<Kind, number>> = {
  directory: BITS.directory,
  file: 0,
  symlink: BITS.symlink,
  character: BITS.device + BITS.character,
  block: BITS.device,
  fifo: BITS.fifo,
};

/** The reverse. @param mode permission bits with those of `chmod` */
export function writeFileMode(kind: Kind, mode: number): number {
  return (
    KIND_BITS[kind] +
    ((mode & 0o4000) === 0 ? 0 : BITS.setuid) +
    ((mode & 0o2000) === 0 ? 0 : BITS.setgid) +
    ((mode & 0o1000) === 0 ? 0 : BITS.sticky) +
    (mode & 0o777)
  );
}
