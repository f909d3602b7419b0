import { expect, test } from 'vitest';
import { BROUGHT_BY, DISTRIBUTION_OF_IMPORT, distributionOf } from './distributions.ts';
import { comesWithPython, STANDARD_LIBRARY } from './standard-library.ts';

const NORMAL = /^[a-z0-9]+(?:-[a-z0-9]+)*$/;

test('the table is large, and its names are in their normal form', () => {
  const entries = Object.entries(DISTRIBUTION_OF_IMPORT);
  expect(entries.filter(([name, distribution]) => name !== distribution).length).toBeGreaterThan(250);
  expect(entries.filter(([name, distribution]) => !/^[A-Za-z_][\w.]*$/.test(name) || !NORMAL.test(distribution))).toEqual([]);
  expect(entries.filter(([name]) => STANDARD_LIBRARY.has(name))).toEqual([]);
  for (const names of Object.values(BROUGHT_BY)) expect(names.filter((name) => !NORMAL.test(name))).toEqual([]);
}); // prettier-ignore

test.each([
  ['cv2', 'opencv-python-headless'],
  ['sklearn.ensemble', 'scikit-learn'],
  ['PIL.Image', 'pillow'],
  ['google.cloud.storage.blob', 'google-cloud-storage'],
  ['google.generativeai', 'google-generativeai'],
  ['ruamel.yaml', 'ruamel-yaml'],
  ['some_package.part', 'some-package'],
  ['constructor', 'constructor'],
])('%s comes with %s', (name, distribution) => {
  expect(distributionOf(name)).toBe(distribution);
});

test('what comes with Python depends on the Python', () => {
  expect(['os', 'distutils', 'tomllib'].map((name) => comesWithPython(name, '3.11'))).toEqual([true, true, true]);
  expect(['distutils', 'cgi', 'imp'].map((name) => comesWithPython(name, '3.13'))).toEqual([false, false, false]);
  expect(comesWithPython('tomllib', '3.10')).toBe(false);
  expect(comesWithPython('numpy', '3.12')).toBe(false);
});
