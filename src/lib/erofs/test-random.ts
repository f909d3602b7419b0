import type { Entry } from './test-image.ts';

/** A row of numbers that looks like chance and is always the same. For tests. */
export function* numbers(seed: number): Generator<number, never> {
  for (let state = seed; ;) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    yield state >>> 8;
  }
}

const PARTS = ['a', 'b', 'c', 'd'];
const ODD_PARTS = ['..', '.', '', '.wh..wh.plnk'];
const MARKS = ['.wh.a', '.wh.b', '.wh.c', '.wh..wh..opq'];
const KINDS = ['file', 'file', 'directory', 'directory', 'symlink', 'link', 'link', 'character', 'fifo'] as const;

/** An entry of few names and all kinds, so that many meet. For tests. */
export function entryOf(next: (below: number) => number): Entry {
  const part = (): string => (next(25) === 0 ? ODD_PARTS[next(4)] : PARTS[next(4)]) ?? '';
  const path = (): string => Array.from({ length: 1 + next(3) }, part).join('/');
  const kind = KINDS[next(KINDS.length)] ?? 'file';
  const isLink = kind === 'symlink' || kind === 'link';
  return {
    name: next(8) === 0 ? `./${path()}/${MARKS[next(4)]}` : path(),
    kind,
    content: kind === 'file' ? `${next(1000)}`.repeat(next(300)) : '',
    mode: [0o755, 0o2775, 0o4711, 0o600][next(4)] ?? 0,
    uid: next(3),
    gid: next(3),
    mtimeNs: BigInt(next(2000) - 1000) * 999_999_999n,
    ...(isLink && { linkName: (next(4) === 0 ? '/' : '') + path() }),
    ...(kind === 'character' && { major: 1, minor: next(300) }),
    ...(next(4) === 0 && { xattrs: new Map([[`user.${next(3)}`, Buffer.from(String(next(9)))]]) }),
  };
}
