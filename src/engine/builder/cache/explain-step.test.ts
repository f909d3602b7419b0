import { expect, test } from 'vitest';
import { compareInputs, type DoneAnew, explainStep } from './explain-step.ts';

const step: DoneAnew = {
  key: 'k2',
  parent: 'p1',
  inputs: [
    { name: 'command', value: ['pip install'] },
    { name: 'argument VERSION', value: '2' },
    {
      name: 'files',
      value: 'f2',
      files: new Map([
        ['src/a.py', '2'],
        ['src/b.py', '1'],
      ]),
    },
  ],
  base: undefined,
};
const former = {
  key: 'k1',
  parent: 'p1',
  inputs: [
    { name: 'command', value: ['pip install'] },
    { name: 'argument VERSION', value: '1' },
    {
      name: 'files',
      value: 'f1',
      files: new Map([
        ['src/a.py', '1'],
        ['src/c.py', '1'],
      ]),
    },
  ],
};

test('a change is told by what changed', () => {
  expect(explainStep(step, former)).toEqual({
    reason: 'changed',
    text: 'argument VERSION: 1 → 2, src/a.py changed, src/b.py is new, src/c.py is gone',
    changes: ['argument VERSION: 1 → 2', 'src/a.py changed', 'src/b.py is new', 'src/c.py is gone'],
  });
});

test('what a step stands on is told first, and what that follows from', () => {
  const moved = { ...step, parent: 'p2', inputs: former.inputs };
  expect(explainStep(moved, former).text).toBe('the step before it changed');
  const env = { step: 'ENV A=2', changes: '', stage: undefined };
  expect(explainStep({ ...moved, before: 'ENV A=2', cause: env }, former).text).toBe('ENV A=2 before it changed');
  const copy = { step: 'COPY src /src', changes: 'src/a.py changed', stage: undefined };
  expect(explainStep({ ...moved, before: 'COPY src /src', cause: copy }, former).text).toBe(
    'COPY src /src before it changed: src/a.py changed',
  );
  expect(explainStep({ ...moved, before: 'RUN make', cause: copy }, former)).toMatchObject({
    reason: 'before',
    text: 'RUN make before it was done anew, because of COPY src /src: src/a.py changed',
  });
});

test('what another stage came to is followed to where it began', () => {
  const cause = { step: 'COPY src /src', changes: 'src/a.py changed', stage: 'build' };
  const inputs = [{ name: 'files', value: 'f1', files: new Map([['out', '1']]) }];
  const taken = { ...step, inputs: [{ name: 'files', value: 'f2', files: new Map([['out', '2']]) }], taken: cause };
  expect(explainStep(taken, { ...former, inputs }).text).toBe(
    'out changed, because of COPY src /src in the stage build: src/a.py changed',
  );
  const begun = { ...step, parent: 'p2', inputs: former.inputs };
  expect(explainStep({ ...begun, base: 'base image python:3' }, former)).toMatchObject({
    reason: 'base',
    text: 'base image python:3 changed',
  });
  expect(explainStep({ ...begun, base: 'stage build', cause }, former).text).toBe(
    'stage build changed, because of COPY src /src in the stage build: src/a.py changed',
  );
});

test('the first time, and what was pruned, are told apart', () => {
  expect(explainStep(step, undefined).reason).toBe('first');
  expect(explainStep({ ...step, key: 'k1' }, former).reason).toBe('gone');
  expect(explainStep(step, { ...former, inputs: undefined }).text).toContain('pruned');
});

function changes(name: string, value: unknown): string[] {
  return compareInputs([{ name, value: 'old' }], [{ name, value }]);
}

test('values that are long or may be secret are not told', () => {
  expect(changes('argument API_TOKEN', 'new')).toEqual(['argument API_TOKEN changed']);
  expect(changes('argument DB_PASSWORD', 'new')).toEqual(['argument DB_PASSWORD changed']);
  expect(changes('argument LONG', 'x'.repeat(100))).toEqual(['argument LONG changed']);
  expect(changes('argument LINES', 'a\nb')).toEqual(['argument LINES changed']);
  expect(changes('network', ['none'])).toEqual(['network changed']);
  expect(changes('user', '')).toEqual(['user: old → (empty)']);
});

test('of many changes a few are told, the rest is counted', () => {
  const files = new Map(Array.from({ length: 9 }, (_, index): [string, string] => [`f${index}`, 'new']));
  const text = explainStep(
    { ...step, inputs: [{ name: 'files', value: 2, files }] },
    { ...former, inputs: [{ name: 'files', value: 1, files: new Map() }] },
  ).text;
  expect(text).toBe('f0 is new, f1 is new, f2 is new, f3 is new, f4 is new and 4 more');
});
