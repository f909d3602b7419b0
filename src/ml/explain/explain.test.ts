import { expect, test } from 'vitest';
import { explain } from './explain.ts';
import { FAILURES } from './failures.ts';

test.each(FAILURES.map(({ code, example }) => [code, example] as const))('%s: %s', (code, example) => {
  const found = explain(`before\n${example}\nafter`);
  expect(found?.code).toBe(code);
  expect(found?.evidence).toBe(example.trim().slice(0, 300));
  expect(`${found?.cause} ${found?.fix}`).not.toMatch(/\{\w+\}|undefined/);
});

test('codes are told apart, and no sentence ends with a full stop', () => {
  expect(new Set(FAILURES.map(({ code }) => code)).size).toBe(FAILURES.length);
  expect(FAILURES.length).toBeGreaterThanOrEqual(60);
  expect(FAILURES.flatMap(({ cause, fix }) => [cause, fix]).filter((text) => /\.$|^[A-Z](?![a-z]*[A-Z])\w* (?:is|was)/.test(text))).toEqual([]); // prettier-ignore
});

test.each([
  ["ModuleNotFoundError: No module named 'sklearn.svm'", 'imports sklearn.svm', 'add scikit-learn to reqs.txt'],
  ['ImportError: libgomp.so.1: cannot open shared object file: No such file', 'libgomp.so.1', 'install libgomp1 with apt-get'],
  ['ERROR: No matching distribution found for numpy==9.9', 'numpy==9.9', 'reqs.txt'],
  ["AttributeError: module 'numpy' has no attribute 'bool'.", 'np.bool', 'numpy<1.24'],
  ['InconsistentVersionWarning: Trying to unpickle estimator A from version 1.2.2 when using version 1.5.2.', '1.2.2', 'scikit-learn==1.2.2'],
])('%s', (line, cause, fix) => {
  const found = explain(line, { manifest: 'reqs.txt' });
  expect(found?.cause).toContain(cause);
  expect(found?.fix).toContain(fix);
}); // prettier-ignore

test.each([
  [{ oomKilled: true, exitCode: 137, memoryLimit: 512 * 1024 ** 2 }, 'out-of-memory', '512 MiB'],
  [{ exitCode: 137 }, 'out-of-memory', 'most likely'],
  [{ exitCode: 135 }, 'shared-memory', 'bus error'],
  [{ exitCode: 139 }, 'segmentation-fault', 'crashed'],
  [{ exitCode: 127 }, 'program-not-found', 'not in the image'],
])('%j: %s', (ending, code, cause) => {
  expect(explain('some text', ending)).toMatchObject({ code, cause: expect.stringContaining(cause) });
});

test('the unknown stays unknown', () => {
  expect(explain('some text', { exitCode: 1 })).toBeUndefined();
});

test.each([
  [{ source: '/home/me/data', target: '/data', owner: { uid: 1000, gid: 1000 } }, 'mount-owner', '--user 1000:1000'],
  [{ source: '/home/me/data', target: '/data', readOnly: true }, 'mount-read-only', '-v /home/me/data:/data'],
  [{ source: '/home/me', target: '/other' }, 'permission', '--user'],
])('a folder of the machine is named as the reason: %j', (mount, code, fix) => {
  const found = explain("PermissionError: [Errno 13] Permission denied: '/data/out.csv'", { mounts: [mount] });
  expect(found).toMatchObject({ code, fix: expect.stringContaining(fix) });
});

test('no pattern needs long for a long line', () => {
  const lines = ['No such file or directory ', "CUDA error Error 'a' ", 'because x depends on y and ', 'INVALID_ARGUMENT : Got ', 'a'].map((text) => text.repeat(Math.ceil(2000 / text.length))); // prettier-ignore
  const start = performance.now();
  for (const line of lines) explain(line);
  expect(performance.now() - start).toBeLessThan(500);
});
