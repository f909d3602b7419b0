import { expect, test } from 'vitest';
import { canMeetBoth, compareVersions, exactVersion, meets, parseSpecifiers, parseVersion } from './version.ts';

// The order is that of PEP 440, "Summary of permitted suffixes and relative ordering", with local versions added.
const IN_ORDER = [
  'junk', '0.9', '1.dev0', '1.0.dev456', '1.0a1.dev1', '1.0a1', '1.0a2.dev456', '1.0a12.dev456', '1.0a12', '1.0b1.dev456', '1.0b2', '1.0b2.post345.dev456', '1.0b2.post345',
  '1.0rc1.dev456', '1.0rc1', '1.0', '1.0+abc.5', '1.0+abc.7', '1.0+5', '1.0.post456.dev34', '1.0.post456', '1.0.15', '1.1.dev1', '1.1', '1.2', '1.10', '2.2', '2.10', '1!0.5',
]; // prettier-ignore

test('versions sort as PEP 440 orders them', () => {
  expect(IN_ORDER.toReversed().toSorted(compareVersions)).toEqual(IN_ORDER);
});

test.each([
  ['1.0', '1'], ['1.0.0', '1.0'], ['v1.0', '1.0'], ['1.0-1', '1.0.post1'], ['1.0rev2', '1.0.post2'], ['1.0alpha1', '1.0a1'], ['1.0-RC.1', '1.0rc1'], ['1.0c1', '1.0rc1'], ['1.0pre', '1.0rc0'],
  ['1.0+CU-118', '1.0+cu.118'], ['0!1.0', '1.0'], [' 1.0 ', '1.0'],
])('%s is the same version as %s', (a, b) => {
  expect(compareVersions(a, b)).toBe(0);
}); // prettier-ignore

test.each(['', 'latest', '1.0.x', '1..0', '1.0+', '1.0+a+b', '==1.0', `1.${'0'.repeat(300)}`])('%j is no version', (text) => {
  expect(parseVersion(text)).toBeUndefined();
}); // prettier-ignore

test.each([
  ['3.10', '>=3.9', true], ['3.10', '>=3.9,<3.11', true], ['3.10', '<3.9', false], ['3.10.4', '==3.10.*', true], ['3.1', '==3.10.*', false], ['3.1', '==3.1.0', true],
  ['2.10.0', '>=2.2', true], ['1.4.5', '~=1.4.2', true], ['1.5.0', '~=1.4.2', false], ['1.5.0', '~=1.4', true], ['2.0', '~=1.4', false], ['1.4.9', '~=1.4.2a1', true],
  ['1.5', '!=1.5', false], ['1.5.1', '!=1.5.*', false], ['1.6', '!=1.5.*', true], ['2.0.0rc1', '>=1.0', false], ['2.0.0rc1', '>=2.0.0b1', true], ['2.0.0rc1', '<2.0', false],
  ['1.9.0rc1', '<2.0a1', true], ['2.0.1+cu118', '==2.0.1', true], ['2.0.1', '==2.0.1+cu118', false], ['2.0.1+cu118', '==2.0.1+CU118', true], ['2.0.1+cu118', '<=2.0.1', true],
  ['1.0.post1', '>1.0', false], ['1.0.post2', '>1.0.post1', true], ['1.1', '>1.0.post1', true], ['1!1.0', '>2.0', true], ['1.0.dev1', '===1.0.dev1', true], ['wrong', '===WRONG', true],
  ['3.8', '>=3.6.*', true], ['1.0', '', true], ['1.0', 'nonsense', true], ['junk', '>=1', false], ['1.0', '>=0.5, <=1.0, !=0.9', true], ['1.0rc1', '', true],
] as const)('%s meets %j: %s', (version, specifiers, expected) => {
  expect(meets(version, specifiers)).toBe(expected);
}); // prettier-ignore

test('pre-releases can be let in', () => {
  expect(meets('2.0rc1', '>=1', { prereleases: true })).toBe(true);
});

test('a set is taken apart, or is none', () => {
  expect(parseSpecifiers('>= 1.2 , != 1.3.*')?.map(({ operator, text }) => operator + text)).toEqual(['>=1.2', '!=1.3.*']);
  for (const bad of ['1.2', '=1.2', '>=', '>=a b', '=>1']) expect(parseSpecifiers(bad)).toBeUndefined();
}); // prettier-ignore

test.each([
  ['==1.5.2', '1.5.2'], ['>=1', undefined], ['==1.*', undefined], ['===2.0', '2.0'], ['== v2.0.1+cu118', '2.0.1+cu118'], ['>=1,==1.5', '1.5'], ['', undefined],
])('%j pins %s', (specifiers, expected) => {
  expect(exactVersion(specifiers)).toBe(expected);
}); // prettier-ignore

test.each([
  ['==1.0', '==2.0', false], ['==1.0', '>=1', true], ['<1.0', '>=1.0', false], ['>1.0', '<1.1', true], ['>=2,<3', '<2', false], ['<2', '<1', true], ['>5', '>=7', true], ['!=1', '==1', false],
  ['==1.2.*', '>=1.2.5', true], ['~=1.4.2', '>=1.5', false], ['==1.0+cu118', '==1.0', true], ['', '==1', true], ['nonsense', '==1', true],
])('%j and %j can both be met: %s', (a, b, expected) => {
  expect(canMeetBoth(a, b)).toBe(expected);
}); // prettier-ignore
