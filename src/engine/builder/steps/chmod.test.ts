import { expect, test } from 'vitest';
import { applyChmod } from './chmod.ts';

const octal = (mode: number): string => mode.toString(8);

test.each([
  ['755', 0o644, false, '755'],
  ['0644', 0o777, false, '644'],
  ['4755', 0, false, '4755'],
  ['u+x', 0o644, false, '744'],
  ['+x', 0o644, false, '755'],
  ['a-w', 0o666, false, '444'],
  ['go=', 0o777, false, '700'],
  ['u=rwX,go=rX', 0o600, true, '755'],
  ['u=rwX,go=rX', 0o600, false, '644'],
  ['u=rwX,go=rX', 0o700, false, '755'],
  ['u+s,g+s', 0o755, false, '6755'],
  ['o+t', 0o777, true, '1777'],
  ['u-x+r', 0o100, false, '400'],
  ['u+x,g=u', 0o644, false, '774'],
  ['u=s,+x', 0o644, false, '4155'],
  ['o=g', 0o750, true, '755'],
])('%s on %o (folder: %s) is %s', (...given) => {
  const [text, mode, isDirectory, expected] = given;
  expect(octal(applyChmod(text, mode, isDirectory))).toBe(expected);
});

test.each(['', '999', 'rwx', 'u~x', 'x+u', '77777777'])('%j is refused', (text) => {
  expect(() => applyChmod(text, 0o644, false)).toThrow('invalid chmod parameter');
});
