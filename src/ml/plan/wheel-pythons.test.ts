import { expect, test } from 'vitest';
import { PYTHONS } from '../data/python-support.ts';
import { PYTHONS_OF_WHEELS } from '../data/python-wheels.ts';
import { compareVersions, parseVersion } from '../version.ts';
import { pythonsOfWheel, pythonsWithWheels, spanOf } from './wheel-pythons.ts';

test.each([
  ['scikit-learn', '==0.24.2', '3.6 to 3.9'], ['torch', '==1.13.1', '3.7 to 3.10'], ['torch', '==2.0.1+cu118', '3.8 to 3.11'], ['numpy', '==2.0.2', '3.9 to 3.12'], ['numpy', '<1.20', '3.6 to 3.9'],
  ['tensorflow', '~=2.4.0', '3.6 to 3.8'], ['tensorflow', '==1.15.*', '3.6 to 3.7'], ['tensorflow', '>=2.16,<2.20', '3.9 to 3.12'], ['torch', '>=2.1.1,<2.2', '3.8 to 3.11'], ['jaxlib', '', '3.8 and later'],
  ['fastapi', '==0.110.0', '3.8 and later'], ['torch', '>2.0,<2.1', '3.8 to 3.11'], ['xgboost', '==9.9', '3.12 and later'],
])('%s%s has wheels for %s', (name, specifiers, expected) => {
  expect(spanOf(pythonsWithWheels(name, specifiers) ?? [])).toBe(expected);
}); // prettier-ignore

test.each([
  ['https://h.example/torch-1.13.1%2Bcpu-cp39-cp39-linux_x86_64.whl', '3.9'], ['https://h.example/x-1-cp37-abi3-manylinux1_x86_64.whl#sha256=1', '3.7 and later'], ['https://h.example/x-1-cp38.cp39-none-any.whl', '3.8 to 3.9'], ['https://h.example/x-1-py3-none-any.whl', ''], ['git+https://h.example/x-cp39-cp39-y', ''],
])('%s is for Python %s', (url, expected) => {
  expect(spanOf(pythonsOfWheel(url) ?? [])).toBe(expected);
}); // prettier-ignore

test.each([['unheard-of', '==1'], ['numpy', '==0.1'], ['numpy', 'junk'], ['numpy', '>=2,<1'], ['constructor', '==1']])('%s%s is not known', (name, specifiers) => {
  expect(pythonsWithWheels(name, specifiers)).toBeUndefined();
}); // prettier-ignore

test('every row of the table can be read, in order, and covers some Python', () => {
  for (const [name, text] of Object.entries(PYTHONS_OF_WHEELS)) {
    const versions = text.split(' ').map((row) => /^([^:]+):\d\.\d+-(?:\d\.\d+)?$/.exec(row)?.[1] ?? '');
    expect(versions.filter((version) => parseVersion(version) === undefined), name).toEqual([]);
    expect(versions.toSorted(compareVersions), name).toEqual(versions);
    for (const version of versions) expect(pythonsWithWheels(name, `==${version}`), `${name} ${version}`).not.toEqual([]);
  }
  expect(PYTHONS.toSorted((a, b) => compareVersions(b, a))).toEqual([...PYTHONS]);
}); // prettier-ignore
