import { expect, test } from 'vitest';
import { textDiff } from './text-diff.ts';

test('equal texts differ in nothing', () => {
  expect(textDiff('a\nb\n', 'a\nb\n', 'file')).toBe('');
});

test('a changed line, with three lines around it', () => {
  const before = 'one\ntwo\nthree\nfour\nfive\nsix\nseven\neight\n';
  expect(textDiff(before, before.replace('five', 'FIVE'), 'file')).toBe(
    '--- a/file\n+++ b/file\n@@ -2,7 +2,7 @@\n two\n three\n four\n-five\n+FIVE\n six\n seven\n eight\n',
  );
});

test('lines that come, and a file that is new', () => {
  expect(textDiff('a\nc\n', 'a\nb\nc\n', 'file')).toBe('--- a/file\n+++ b/file\n@@ -1,2 +1,3 @@\n a\n+b\n c\n');
  expect(textDiff('', 'a\n', 'file')).toBe('--- /dev/null\n+++ b/file\n@@ -0,0 +1 @@\n+a\n');
});

test('places far from each other have hunks of their own', () => {
  const lines = Array.from({ length: 40 }, (_, index) => `line ${index}`);
  const after = lines.with(2, 'changed').with(30, 'changed too');
  const diff = textDiff(`${lines.join('\n')}\n`, `${after.join('\n')}\n`, 'file');
  expect(diff.match(/^@@ .*$/gm)).toEqual(['@@ -1,6 +1,6 @@', '@@ -28,7 +28,7 @@']);
});

function someText(): string {
  const length = Math.floor(Math.random() * 12);
  return Array.from({ length }, () => `${'abcd'[Math.floor(Math.random() * 4)] ?? ''}\n`).join('');
}

test('applied, it gives the other text', () => {
  for (let round = 0; round < 200; round++) {
    const [before, after] = [someText(), someText()];
    expect(apply(before, textDiff(before, after, 'file')), JSON.stringify({ before, after })).toBe(after);
  }
});

/** As `patch` does, hunk by hunk. */
function apply(before: string, diff: string): string {
  if (diff === '') return before;
  const source = before === '' ? [] : before.slice(0, -1).split('\n');
  const result: string[] = [];
  let at = 0;
  for (const line of diff.slice(0, -1).split('\n').slice(2)) {
    const [, start, , count] = /^@@ -(\d+)(,(\d+))? /.exec(line) ?? [];
    if (start !== undefined) {
      const first = count === '0' ? Number(start) : Number(start) - 1;
      result.push(...source.slice(at, first));
      at = first;
    } else if (line.startsWith('+')) result.push(line.slice(1));
    else {
      expect(source[at]).toBe(line.slice(1));
      if (line.startsWith(' ')) result.push(line.slice(1));
      at += 1;
    }
  }
  result.push(...source.slice(at));
  return result.map((line) => `${line}\n`).join('');
}
