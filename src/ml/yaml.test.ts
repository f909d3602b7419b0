import { expect, test } from 'vitest';
import { parseYaml, yamlAt, yamlLine } from './yaml.ts';

const plain = (text: string): unknown => JSON.parse(JSON.stringify(parseYaml(text)));

test('an environment file is read, with the lines of its items', () => {
  const value = parseYaml(`# made by conda
name: research
channels: [pytorch, "conda-forge"]   # two
dependencies:
- python=3.10
- numpy>=1.21,<2
- pip:
  - torch==2.1.0
  - -r requirements.txt
prefix: /home/me/envs/research
`);
  expect(JSON.parse(JSON.stringify(value))).toEqual({
    name: 'research',
    channels: ['pytorch', 'conda-forge'],
    dependencies: ['python=3.10', 'numpy>=1.21,<2', { pip: ['torch==2.1.0', '-r requirements.txt'] }],
    prefix: '/home/me/envs/research',
  });
  const list = yamlAt(value, 'dependencies');
  expect([yamlLine(value, 'channels'), yamlLine(list, 1), yamlLine(list, 7), yamlLine('x', 0)]).toEqual([3, 6, 1, 1]);
  expect(yamlAt(value, 'name', 'further')).toBeUndefined();
});

test.each([
  ['', null], ['# nothing\n', null], ['---\n', null], ['just text', 'just text'], ['a: 1', { a: '1' }], ['version: 3.10', { version: '3.10' }], ['a: true\nb: False\nc: yes\nd: ~\ne: null\nf:', { a: true, b: false, c: 'yes', d: null, e: null, f: null }],
  ['a: "x: #y\\n\\u00e9"', { a: 'x: #y\né' }], ["a: 'it''s'", { a: "it's" }], ['"a b": c\n\'d\': e', { 'a b': 'c', d: 'e' }], ['a: x#y # z', { a: 'x#y' }], ['image: host:5000/x:1', { image: 'host:5000/x:1' }],
  ['- a\n-\n  b: c\n- - d\n  - e\n-', ['a', { b: 'c' }, ['d', 'e'], null]], ['- a: 1\n  b: 2\n- c: 3', [{ a: '1', b: '2' }, { c: '3' }]], ['a:\n  - b\n  -   c: d\n      e: f', { a: ['b', { c: 'd', e: 'f' }] }],
  ['a: |\n  one\n   two\n\n  three\nb: c', { a: 'one\n two\n\nthree\n', b: 'c' }], ['a: >-\n  one\n  two\nb: c', { a: 'one two', b: 'c' }], ['run:\n  - |\n    pip install x\n  - y', { run: ['pip install x\n', 'y'] }],
  ['a: one\n  two\nb: c', { a: 'one two', b: 'c' }], ['a: [b,\n  c, # d\n  {e: f, g}]', { a: ['b', 'c', { e: 'f', g: null }] }], ['a: "one\n  two"', { a: 'one two' }], ['a: []\nb: {}', { a: [], b: {} }],
  ['x: &base\n  a: 1\n  b: 2\ny:\n  <<: *base\n  b: 3', { x: { a: '1', b: '2' }, y: { a: '1', b: '3' } }], ['a: &x 1\nb: *x', { a: '1', b: '1' }], ['a: !Ref b', { a: 'b' }], ['---\na: 1\n---\nb: 2', { a: '1' }], ['a: 1\n...\nb: 2', { a: '1' }],
  ['%YAML 1.2\n---\na: 1', { a: '1' }], ['a:\r\n  - b\r\n', { a: ['b'] }], ['- python =3.8\n- a::b', ['python =3.8', 'a::b']], ['a: -1\nb: -x', { a: '-1', b: '-x' }], ['{"a": [1, "b"], "c": {"d": true}}', { a: ['1', 'b'], c: { d: true } }],
])('%j', (text, expected) => {
  expect(plain(text)).toEqual(expected);
}); // prettier-ignore

test.each([
  ['a: 1\n\tb: 2', 'line 2'], ['a: 1\n   b: 2', 'line 2'], ['a: [1, 2\nb: 3', 'line 2'], ['a: "open', 'line 1'], ['a:\n  - b\n    - c', 'line 3'], ['- a\nb: c', 'line 2'], ['a: *none', 'line 1'], ['a: [b c: d]', 'line 1'],
  ['a: "x" y', 'line 1'], ['a: {b: [}', 'line 1'], [`a: ${'['.repeat(100)}`, 'line 1'], [`${Array.from({ length: 100 }, (_, index) => `${' '.repeat(index)}a:`).join('\n')} b`, 'of the YAML file'], ['<<: 1', 'line 1'],
])('%j is refused with its line', (text, line) => {
  expect(() => parseYaml(text)).toThrow(line);
}); // prettier-ignore

test('a key such as __proto__ is a key like others', () => {
  parseYaml('__proto__:\n  x: 1');
  expect(({} as Record<string, unknown>)['x']).toBeUndefined();
});

test('long lines and much merging do not take long', () => {
  expect(plain(`a: b${' '.repeat(200_000)}c`)).toHaveProperty('a');
  expect(() => parseYaml(`x: &a {b: 1}\ny:\n${'  <<: *a\n'.repeat(2000)}`)).toThrow('line');
});
