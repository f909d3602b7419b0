import { expect, test } from 'vitest';
import { clean, cleanStyled } from './text.ts';

test('what steers a terminal goes, line breaks and tabs stay', () => {
  expect(clean('a\u001b[2J\tb\u0007\nc\u202e')).toBe('a[2J\tb\nc');
});

test('a line keeps our own styles and nothing else', () => {
  expect(cleanStyled('\u001b[1mbold\u001b[0m\u001b[2J\u001b]0;title\u0007')).toBe('\u001b[1mbold\u001b[0m[2J]0;title');
});
