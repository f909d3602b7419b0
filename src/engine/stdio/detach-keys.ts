import { InvalidArgumentError } from '#lib/errors.ts';

/** Docker's default: ctrl-p ctrl-q. */
export const DEFAULT_DETACH_KEYS: readonly number[] = [16, 17];

/**
 * Bytes of a sequence such as `ctrl-p,ctrl-q` or `a,ctrl-\`; empty text = the default.
 * @throws {InvalidArgumentError}
 */
export function parseDetachKeys(text: string): readonly number[] {
  if (text === '') return DEFAULT_DETACH_KEYS;
  return text.split(',').map((key) => {
    if (key.length === 1) return key.charCodeAt(0);
    const [, letter] = /^ctrl-([a-zA-Z@[\\\]^_])$/.exec(key) ?? [];
    if (letter === undefined) throw new InvalidArgumentError(`Invalid detach keys (${text}) provided`);
    return letter.toUpperCase().charCodeAt(0) - 64;
  });
}

export interface DetachFilter {
  /** What of the input goes on to the process, and whether the sequence was typed. */
  push(bytes: Uint8Array): { pass: Uint8Array; detached: boolean };
}

/** Looks for the sequence in typed input; keys of a beginning that turns out to be none are passed on late. */
export function createDetachFilter(keys: readonly number[]): DetachFilter {
  let matched = 0;
  return {
    push(bytes) {
      const pass: number[] = [];
      for (const byte of bytes) {
        if (byte === keys[matched]) {
          matched++;
          if (matched === keys.length) return { pass: Uint8Array.from(pass), detached: true };
          continue;
        }
        pass.push(...keys.slice(0, matched));
        matched = byte === keys[0] ? 1 : 0;
        if (matched === 0) pass.push(byte);
      }
      return { pass: Uint8Array.from(pass), detached: false };
    },
  };
}
