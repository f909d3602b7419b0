import { expect, test } from 'vitest';
import { explain } from './explain.ts';
import { FAILURES } from './failures.ts';

test.each([
  ["ModuleNotFoundError: No module named 'sklearn'", 'imports sklearn', 'add scikit-learn to reqs.txt'],
  ['ImportError: libGL.so.1: cannot open shared object file: No such file', 'OpenCV', 'opencv-python-headless'],
  ['ImportError: libgomp.so.1: cannot open shared object file: No such file', 'libgomp.so.1', 'apt-get'],
  ["FileNotFoundError: [Errno 2] No such file or directory: 'model.pkl'", 'model.pkl is missing', '.dockerignore'],
  ['ERROR: No matching distribution found for numpy==9.9', 'numpy==9.9', 'reqs.txt'],
  ['exec: "gunicorn": executable file not found in $PATH', 'gunicorn is not in the image', 'reqs.txt'],
  [' * Running on http://127.0.0.1:5000', '127.0.0.1', '0.0.0.0'],
  ['OSError: [Errno 98] Address already in use', 'same port', 'one server'],
  [
    'InconsistentVersionWarning: Trying to unpickle estimator LogisticRegression from version 1.2.2 when using version 1.5.2.',
    '1.2.2',
    'scikit-learn==1.2.2',
  ],
])('%s', (line, cause, fix) => {
  const found = explain(`before\n${line}\nafter`, { manifest: 'reqs.txt' });
  expect(found?.cause).toContain(cause);
  expect(found?.fix).toContain(fix);
  expect(found?.evidence).toBe(line.trim());
});

test('a kill for memory is told from other ends, and the unknown stays unknown', () => {
  expect(explain('', { oomKilled: true, exitCode: 137 })?.cause).toContain('memory');
  expect(explain('some text', { exitCode: 137 })?.cause).toContain('memory');
  expect(explain('some text', { exitCode: 1 })).toBeUndefined();
});

test('no pattern needs long for a long line', () => {
  const line = `${'No such file or directory '.repeat(4000)}'`;
  const start = performance.now();
  for (const { pattern } of FAILURES) pattern.exec(line);
  expect(performance.now() - start).toBeLessThan(500);
});
