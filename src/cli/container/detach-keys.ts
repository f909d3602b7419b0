import { UsageError } from '../parse-options.ts';

const DEFAULT = 'ctrl-p,ctrl-q';
const SPECIAL: Readonly<Record<string, number>> = { '@': 0, '[': 27, '\\': 28, ']': 29, '^': 30, _: 31 };

/** Bytes of a key sequence such as `ctrl-p,ctrl-q` or `ctrl-c,a`. @throws {UsageError} */
export function parseDetachKeys(text: string = DEFAULT): readonly number[] {
  return text.split(',').map((key) => {
    const [, control] = /^ctrl-(.)$/i.exec(key) ?? [];
    if (control !== undefined && /[a-z]/i.test(control)) return control.toLowerCase().charCodeAt(0) - 96;
    const special = control === undefined ? undefined : SPECIAL[control];
    if (special !== undefined) return special;
    if (key.length === 1) return key.charCodeAt(0);
    throw new UsageError(`--detach-keys cannot be read: ${JSON.stringify(text)}`, {
      hint: 'write it as ctrl-p,ctrl-q',
    });
  });
}

/** Finds the sequence in what is typed. Bytes that may begin it are held back until the next ones are there. */
export function watchDetachKeys(
  keys: readonly number[],
): (typed: Uint8Array) => { forward: Uint8Array; found: boolean } {
  let matched = 0;
  return (typed) => {
    const forward: number[] = [];
    for (const byte of typed) {
      if (byte !== keys[matched]) {
        forward.push(...keys.slice(0, matched));
        matched = 0;
      }
      if (byte === keys[matched]) matched++;
      else forward.push(byte);
      if (matched === keys.length && keys.length > 0) return { forward: Uint8Array.from(forward), found: true };
    }
    return { forward: Uint8Array.from(forward), found: false };
  };
}
