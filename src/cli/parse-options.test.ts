import { expect, test } from 'vitest';
import { CONTAINER_OPTIONS } from './container/options.ts';
import { GIVEN, type OptionKind, type OptionTable } from './options.ts';
import { parseOptions, suggest, UsageError } from './parse-options.ts';

const TABLE = {
  detach: { kind: 'flag', short: 'd', help: '' },
  interactive: { kind: 'flag', short: 'i', help: '' },
  tty: { kind: 'flag', short: 't', help: '' },
  env: { kind: 'list', short: 'e', help: '' },
  name: { kind: 'text', help: 'the name' },
  tail: { kind: 'text', short: 'n', help: '' },
  time: { kind: 'number', help: '' },
  ca: { kind: 'choice', help: '' },
} as const satisfies OptionTable;

const read = (line: string, stopAtFirstWord = false) =>
  parseOptions(TABLE, line.split(' ').filter(Boolean), { stopAtFirstWord });

test('options are read in every way Docker takes them', () => {
  const { options, words } = read('-it -d=false --env A=1 -eB=2 -e=C=3 --name=web --time -1 --ca one two');
  expect(options).toMatchObject({ interactive: true, tty: true, detach: false, name: 'web', time: -1, ca: '' });
  expect(options.env).toEqual(['A=1', 'B=2', 'C=3']);
  expect(words).toEqual(['one', 'two']);
});

test('what is not given has its empty value, and is known as not given', () => {
  const { options } = read('--detach=false');
  expect(options).toMatchObject({ detach: false, tty: false, name: undefined, env: [] });
  expect([...options[GIVEN]]).toEqual(['detach']);
});

test('a letter that takes a value takes the rest of its word', () => {
  expect(read('-itn5 x').options.tail).toBe('5');
  expect(read('-it -n 5 x').options).toMatchObject({ tail: '5', tty: true });
});

test('options of another program stay with it', () => {
  expect(read('-i image -d --what', true)).toMatchObject({ words: ['image', '-d', '--what'] });
  expect(read('image -d', false)).toMatchObject({ words: ['image'], options: { detach: true } });
  expect(read('-- -d').words).toEqual(['-d']);
  expect(read('-').words).toEqual(['-']);
});

test.each(['--nme x', '-z', '--name', '--time soon', '-d=maybe', '-itz'])('%s is a mistake that is told', (line) => {
  expect(() => read(line)).toThrow(UsageError);
});

test('a name of an object is no option', () => {
  expect(() => read('--constructor=1')).toThrow(/unknown option/);
});

test('the nearest word is suggested', () => {
  expect(suggest('detahc', Object.keys(TABLE))).toBe('detach');
  expect(suggest('psx', ['ps', 'run'])).toBe('ps');
  expect(suggest('somethingelse', ['ps', 'run'])).toBeUndefined();
});

test('no two options of run share a letter', () => {
  const letters = Object.values<OptionKind>(CONTAINER_OPTIONS).flatMap(({ short }) => short ?? []);
  expect(new Set(letters).size).toBe(letters.length);
});
