import { expect, test } from 'vitest';
import { findCommand, GROUPS, SHORT } from './commands.ts';
import { commandHelp, programHelp } from './help.ts';

const all = [
  ...Object.values(SHORT).flatMap((commands) => Object.entries(commands)),
  ...Object.entries(GROUPS).flatMap(([noun, { commands }]) =>
    Object.entries(commands).map(([verb, entry]) => [`${noun} ${verb}`, entry] as const),
  ),
];

test.each(all)('%s can be loaded, and its help fits its options', async (name, entry) => {
  const command = await entry.load();
  const letters = Object.values(command.options).flatMap(({ short }) => short ?? []);
  expect(new Set(letters).size, 'a letter stands for one option').toBe(letters.length);
  const page = commandHelp(name, entry, command);
  expect(page).toContain(`Usage: berth ${name}`);
  for (const line of page.split('\n')) expect(line.length, line).toBeLessThanOrEqual(160);
});

test('the page of all commands names each', () => {
  const page = programHelp();
  for (const name of Object.values(SHORT).flatMap((commands) => Object.keys(commands)))
    expect(page).toMatch(new RegExp(`^  ${name} `, 'm'));
});

test('a command is found by its noun, its short word and its other words', () => {
  expect(findCommand(['ps', '-a'])).toMatchObject({ kind: 'command', rest: ['-a'] });
  expect(findCommand(['container', 'ls'])).toMatchObject({ kind: 'command', name: 'container ls' });
  expect(findCommand(['container', 'list', '-q'])).toMatchObject({
    kind: 'command',
    name: 'container ls',
    rest: ['-q'],
  });
  expect(findCommand(['volume'])).toMatchObject({ kind: 'group', name: 'volume' });
  expect(findCommand(['volume', '--help'])).toMatchObject({ kind: 'group' });
  expect(findCommand(['volume', 'lss'])).toMatchObject({ kind: 'unknown', word: 'volume lss' });
  expect(findCommand(['toString'])).toMatchObject({ kind: 'unknown' });
});
