import { expect, test } from 'vitest';
import { parseToml, tomlAt } from './toml.ts';

test('a pyproject.toml is read', () => {
  const table = parseToml(`
[project]
name = "x" # the name
requires-python = '>=3.10'
dependencies = [
  "flask==3.1.2",   # with a comment
  "numpy>=1.26; python_version < '3.13'",
]
[project.optional-dependencies]
dev = ["pytest"]
[tool.poetry.dependencies]
torch = { version = "^2.1", extras = ["cuda"] }
"quoted.key" = 1_000
[[tool.uv.index]]
name = "a"
[[tool.uv.index]]
name = "b"
[a.b]
c.d = true
text = """
two
lines \\
  folded"""
`);
  expect(tomlAt(table, 'project', 'dependencies')).toEqual(['flask==3.1.2', "numpy>=1.26; python_version < '3.13'"]);
  expect(tomlAt(table, 'tool', 'poetry', 'dependencies', 'torch', 'version')).toBe('^2.1');
  expect(tomlAt(table, 'tool', 'poetry', 'dependencies', 'quoted.key')).toBe(1000);
  expect(tomlAt(table, 'tool', 'uv', 'index')).toHaveLength(2);
  expect(tomlAt(table, 'a', 'b', 'c', 'd')).toBe(true);
  expect(tomlAt(table, 'a', 'b', 'text')).toBe('two\nlines folded');
  expect(tomlAt(table, 'a', 'nothing', 'here')).toBeUndefined();
});

test.each([
  ['a = ', 'line 1'],
  ['x = 1\n[open', 'line 2'],
  ['a = [1, 2', 'line 1'],
  ['a = "open', 'line 1'],
  ['= 1', 'line 1'],
  ['a = 1 b = 2', 'line 1'],
  ['a = 1\n[a.b]', 'line 2'],
])('%j is refused with its line', (text, line) => {
  expect(() => parseToml(text)).toThrow(line);
});

test('a key such as __proto__ is a key like others', () => {
  parseToml('[__proto__]\nx = 1');
  expect(({} as Record<string, unknown>)['x']).toBeUndefined();
});
