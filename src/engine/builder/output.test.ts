import { expect, test } from 'vitest';
import { createOutput } from './output.ts';

test('stages that run side by side are shown one after another', () => {
  const shown: unknown[] = [];
  const output = createOutput((piece) => shown.push(piece));
  const [one, two, three] = [output.stage(), output.stage(), output.stage()];
  two.write('b1');
  one.write('a1');
  three.write('c1');
  three.end();
  expect(shown).toEqual(['a1']);
  two.progress({ status: 'pulling' });
  one.end();
  expect(shown).toEqual(['a1', 'b1', { status: 'pulling' }]);
  two.write('b2');
  two.end();
  output.write('end');
  expect(shown).toEqual(['a1', 'b1', { status: 'pulling' }, 'b2', 'c1', 'end']);
});

test('what a failed stage has told is shown, whatever the stages before it do', () => {
  const shown: unknown[] = [];
  const output = createOutput((piece) => shown.push(piece));
  const [one, two] = [output.stage(), output.stage()];
  one.write('a');
  two.write('b');
  output.reveal(two);
  expect(shown).toEqual(['a', 'b']);
});
