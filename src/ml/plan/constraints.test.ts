import { expect, test } from 'vitest';
import { parseRequirement } from '../detect/requirements.ts';
import { planConstraints } from './constraints.ts';
import { type KnownPackages, knownPackages, newestAllowed } from './known-packages.ts';

function known(...asked: string[]): KnownPackages {
  const requirements = asked.map((text, index) => ({ ...parseRequirement(text)!, file: 'requirements.txt', line: index + 1 }));
  const found = new Map(knownPackages({ manifest: undefined, asked, imported: [], python: '3.11' }));
  for (const { name, file, line } of requirements) found.set(name, { ...found.get(name)!, evidence: { file, line } });
  return found;
} // prettier-ignore

const plan = (asked: readonly string[], options: { imports?: readonly string[]; before?: string | null } = {}) =>
  planConstraints({ packages: known(...asked), imports: new Set(options.imports), before: options.before ?? null });

const CASES: readonly (readonly [string, readonly string[], readonly string[]])[] = [
  ['a wheel of numpy 1', ['pandas==2.0.3', 'numpy'], ['numpy<2', 'sqlalchemy<2'].slice(0, 1)],
  ['numpy that comes along', ['onnxruntime==1.18.0'], ['numpy<2']],
  ['a range that ends before numpy 2', ['scikit-learn>=1.0,<1.4'], ['numpy<2']],
  ['an older numpy that is pinned', ['pandas==2.0.3', 'numpy==1.26.4'], []],
  ['an upper limit of its own', ['pandas==2.0.3', 'numpy<1.27'], []],
  ['newest releases', ['pandas', 'scikit-learn', 'torch', 'numpy'], []],
  ['the first release for numpy 2', ['scikit-learn==1.4.2'], []],
  ['a build for CUDA', ['torch==2.0.1+cu118'], ['numpy<2']],
  ['the tighter of two limits', ['tensorflow==2.8.0', 'streamlit==1.9.0'], ['altair<5', 'numpy<1.24', 'protobuf<3.21', 'setuptools<81'].filter((one) => !one.startsWith('setuptools'))],
  ['Flask 1', ['Flask==1.1.2'], ['itsdangerous<2.1', 'jinja2<3.1', 'markupsafe<2.1', 'werkzeug<2.1']],
  ['Flask 2.2 with Werkzeug left open', ['flask==2.2.2', 'werkzeug'], ['werkzeug<3']],
  ['Flask 2.2 with its Werkzeug', ['flask==2.2.2', 'werkzeug==2.2.2'], []],
  ['SQLAlchemy beside pandas 1', ['pandas==1.5.3', 'sqlalchemy', 'numpy==1.24.0'], ['sqlalchemy<2']],
  ['pandas 1 alone', ['pandas==1.5.3', 'numpy==1.24.0'], []],
  ['a release without any for numpy 2', ['imgaug'], ['numpy<2']],
]; // prettier-ignore

test.each(CASES)('limits for %s', (...[, asked, expected]) => {
  expect(plan(asked).constraints).toEqual(expected);
});

test('pins that break each other are a finding, not a limit', () => {
  const { constraints, findings } = plan(['pandas==2.0.3', 'numpy==2.1.0']);
  expect(constraints).toEqual([]);
  expect(findings).toMatchObject([{ code: 'numpy-2', file: 'requirements.txt', line: 1 }]);
  expect(plan(['pandas==2.0.3', 'numpy>=2']).findings.map(({ code }) => code)).toEqual(['numpy-2']);
});

test('versions as of a day before numpy 2 need no limit', () => {
  expect(plan(['pandas==1.3.5'], { before: '2022-04-18' }).constraints).toEqual([]);
});

test('code that imports pkg_resources gets the setuptools that has it', () => {
  expect(plan(['flask'], { imports: ['pkg_resources'] })).toMatchObject({
    constraints: ['setuptools<81'],
    extra: ['setuptools<81'],
  });
});

test('torchvision of another release is an error that names the one that fits', () => {
  const { findings } = plan(['torch==2.3.0', 'torchvision==0.17.0']);
  expect(findings).toMatchObject([{ code: 'torch-versions', severity: 'error', line: 2, fix: 'torchvision==0.18.0' }]);
  expect(plan(['torch==2.3.0+cu121', 'torchvision==0.18.0+cu121', 'torchaudio==2.3.0']).findings).toEqual([]);
});

const newest = (specifiers: string) => newestAllowed({ version: null, specifiers });

test('the newest version that a range allows', () => {
  expect(['<2.3', '<3', '>=1,<2.0.0', '==1.2.*', '~=1.4.2', '<=1.5', '>=1.5', ''].map(newest)).toEqual(['2.2.9999', '2.9999', '1.9999', '1.2.9999', '1.4.9999', '1.5', null, null]); // prettier-ignore
});
