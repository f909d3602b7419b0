import { expect, test } from 'vitest';
import { createRedaction } from './redact.ts';

function told(secrets: readonly string[], chunks: readonly string[]): string {
  const redaction = createRedaction(secrets.map((secret) => Buffer.from(secret)));
  return Buffer.concat([...chunks.map((chunk) => redaction.push(Buffer.from(chunk))), redaction.end()]).toString();
}

test('a secret is masked wherever it stands, also when it comes in pieces', () => {
  expect(told(['s3cret-value'], ['x s3cret-value y s3cret-value'])).toBe('x **** y ****');
  expect(told(['s3cret-value'], ['x s3cr', 'et-', 'value', ' y'])).toBe('x **** y');
});

test('what only begins like a secret is told unchanged', () => {
  expect(told(['s3cret-value'], ['x s3cret', '-vague'])).toBe('x s3cret-vague');
  expect(told(['s3cret-value'], ['ends in s3cret-val'])).toBe('ends in s3cret-val');
});

test('the lines of a secret are secret too, and its line end is not part of it', () => {
  expect(told(['first-line\nsecond-line\n'], ['a second-line b\nfirst-line\n'])).toBe('a **** b\n****\n');
});

test('the longest of several that fit is masked', () => {
  expect(told(['secret', 'secret-long'], ['a secret-long b secret c'])).toBe('a **** b **** c');
});

test('what is too short to be told apart from other text is left', () => {
  expect(told(['abc'], ['abcabc'])).toBe('abcabc');
});

test('bytes that are no text pass as they are', () => {
  const redaction = createRedaction([Buffer.from('s3cret')]);
  expect(redaction.push(Buffer.from([0xff, 0xfe, 0x80]))).toEqual(Buffer.from([0xff, 0xfe, 0x80]));
});
