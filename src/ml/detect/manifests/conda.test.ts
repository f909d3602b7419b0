import { expect, test } from 'vitest';
import { treeOf } from '../../files.ts';
import { readConda } from './conda.ts';
import { condaVersion } from './conda-package.ts';
import type { Draft } from './contract.ts';

const read = async (text: string, more: Record<string, string> = {}): Promise<Draft> => {
  const draft = await readConda(treeOf({ 'environment.yml': text, ...more }), 'environment.yml');
  if (draft === undefined) throw new Error('nothing was read');
  return draft;
};
const texts = ({ requirements }: Draft): string[] => requirements.map(({ name, specifiers }) => name + specifiers);

test('packages by their names on the index, programs by those of Debian, what shows a GPU', async () => {
  const draft = await read(
    `name: x
channels: [pytorch, conda-forge]
dependencies:
  - python=3.8.5
  - cudatoolkit=11.3
  - pytorch=1.11.0
  - conda-forge::opencv>=4.5
  - scikit-learn
  - librosa=0.9
  - libgcc-ng=9.3.0=h5101ec6_17
  - ffmpeg
  - numpy=1.19
  - gdal
  - pip
  - pip:
    - numpy==1.19.5
    - -r requirements.txt
    - -e .
`,
    { 'requirements.txt': 'einops==0.3.0\n' },
  );
  expect(texts(draft)).toEqual(['torch==1.11.0', 'opencv-python-headless', 'scikit-learn', 'librosa==0.9.*', 'numpy==1.19.5', 'einops==0.3.0']); // prettier-ignore
  expect(draft.requiresPython).toEqual({ specifiers: '==3.8.5', file: 'environment.yml', line: 4 });
  expect(draft.gpu).toMatchObject({ what: 'cudatoolkit=11.3', line: 5 });
  expect(draft.systemPackages).toEqual([{ name: 'ffmpeg', file: 'environment.yml', line: 11 }]);
  expect(draft.problems.map(({ code, line }) => [code, line])).toEqual([['conda-only', 13]]);
  expect(draft.projects).toMatchObject([{ path: '', editable: true }]);
});

test('a whole environment as conda writes it down', async () => {
  const draft = await read('dependencies:\n  - _libgcc_mutex=0.1=main\n  - ca-certificates=2021.10.26=h06a4308_2\n  - flask=2.0.2=pyhd3eb1b0_0\n  - intel-openmp=2021.4.0=h06a4308_3561\n  - mkl-service=2.4.0=py39h7f8727e_0\n  - xorg-libx11=1.6=h0\n  - zlib=1.2.11=h7f8727e_4\n'); // prettier-ignore
  expect(texts(draft)).toEqual(['flask==2.0.2']);
});

test.each([
  ['=1.2', '==1.2.*'], ['=1.2.3', '==1.2.3'], ['==1.2', '==1.2'], ['1.2.*', '==1.2.*'], ['>=1.2,<2', '>=1.2,<2'], ['=1.2.3=py38_0', '==1.2.3'], ['1.8', '==1.8.*'], ['>=1|<3', '>=1'], ['*', ''], ['', ''], ['=1.2.*=cuda*', '==1.2.*'], ['!=1.5', '!=1.5'], ['= 3.9', '==3.9.*'],
])('conda writes %j for %j', (text, expected) => {
  expect(condaVersion(text)).toBe(expected);
}); // prettier-ignore

test('what is no YAML is said with its line', async () => {
  expect((await read('dependencies:\n\t- x')).problems).toMatchObject([{ code: 'manifest-unreadable', line: 2 }]);
  expect(await read('just text')).toMatchObject({ requirements: [], problems: [] });
});
