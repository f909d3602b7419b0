import { expect, test } from 'vitest';
import { type Piece, createClassicOutput } from './classic-output.ts';
import { createReport } from './report.ts';

test('stages that run side by side are shown one after another', () => {
  const shown: Piece[] = [];
  const report = createReport(
    'test',
    createClassicOutput((piece) => shown.push(piece)),
  );
  report.plan(['one', 'two', 'three']);
  const [one, two, three] = ['one', 'two', 'three'].map((stage) => report.start({ name: stage, stage }));
  two?.note('b1');
  one?.note('a1');
  three?.note('c1');
  report.endStage('three', { isFailed: false });
  expect(shown).toEqual(['a1\n']);
  two?.message({ status: 'pulling' });
  report.endStage('one', { isFailed: false });
  expect(shown).toEqual(['a1\n', 'b1\n', { status: 'pulling' }]);
  two?.note('b2');
  report.endStage('two', { isFailed: false });
  report.remark('end');
  expect(shown).toEqual(['a1\n', 'b1\n', { status: 'pulling' }, 'b2\n', 'c1\n', 'end\n']);
});

test('what a failed stage has told is shown, whatever the stages before it do', () => {
  const shown: Piece[] = [];
  const report = createReport(
    'test',
    createClassicOutput((piece) => shown.push(piece)),
  );
  report.plan(['one', 'two']);
  report.start({ name: 'one', stage: 'one' }).note('a');
  report.start({ name: 'two', stage: 'two' }).note('b');
  report.endStage('two', { isFailed: true });
  expect(shown).toEqual(['a\n', 'b\n']);
});

test('a step is its number, its output with characters put together, and its result', () => {
  const shown: Piece[] = [];
  const report = createReport(
    'test',
    createClassicOutput((piece) => shown.push(piece)),
  );
  report.plan(['only']);
  const step = { number: 2, total: 3, text: 'RUN date' };
  const vertex = report.start({ name: '[2/2] RUN date', stage: 'only', step });
  vertex.running('0123456789ab');
  const bytes = Buffer.from('\u00fc\n');
  vertex.log('stdout', bytes.subarray(0, 1));
  vertex.log('stdout', bytes.subarray(1));
  vertex.removed('0123456789ab');
  vertex.complete({ isCached: false, result: 'ba9876543210' });
  expect(shown).toEqual([
    'Step 2/3 : RUN date\n',
    ' ---> Running in 0123456789ab\n',
    '',
    '\u00fc\n',
    ' ---> Removed intermediate container 0123456789ab\n',
    ' ---> ba9876543210\n',
  ]);
});
