import { expect, test } from 'vitest';
import {
  aptPreferencesOf,
  constraintsOf,
  departuresFrom,
  formatBuildLock,
  type LockedStep,
  parseBuildLock,
} from './build-lock.ts';

const STEP: LockedStep = {
  stage: 'app',
  platform: 'linux/amd64',
  command: 'pip install "torch>=2" \\ && true',
  python: [
    { name: 'numpy', version: '2.1.0' },
    { name: 'own', version: '1.0', origin: 'https://example.org/own.whl', sha256: 'ab12' },
  ],
  conda: [{ name: 'mkl', version: '2024.1', origin: 'h123_0' }],
  apt: [{ name: 'curl', version: '7.88.1-10+deb12u8' }],
};

test('what is written is read again', () => {
  expect(parseBuildLock(formatBuildLock([STEP, { ...STEP, python: [], stage: '1' }]))).toEqual([
    STEP,
    { ...STEP, python: [], stage: '1' },
  ]);
});

test('the same steps give the same text, whatever the order of packages', () => {
  expect(formatBuildLock([{ ...STEP, python: STEP.python.toReversed() }])).toBe(formatBuildLock([STEP]));
});

test.each([
  ['version = 2\n', 'build.lock has version 2'],
  ['', 'build.lock has version none'],
  ['version = 1\nstep = 3\n', 'cannot be read'],
  ['version = 1\n[[step]]\nstage = "a"\n', 'cannot be read'],
  ['version = 1\n[[step]]\nstage = "a"\nplatform = "p"\ncommand = "c"\npython = ["numpy"]\n', 'cannot be read'],
])('%j is refused', (text, message) => {
  expect(() => parseBuildLock(text)).toThrow(message);
});

test('installers are told the versions; what has a URL is named by it', () => {
  expect(constraintsOf(STEP)).toEqual(['numpy==2.1.0']);
  expect(aptPreferencesOf(STEP)).toBe('Package: curl\nPin: version 7.88.1-10+deb12u8\nPin-Priority: 1001\n');
});

test('what departs from a lock is told', () => {
  const found = {
    ...STEP,
    python: [
      { name: 'numpy', version: '2.2.0' },
      { name: 'new', version: '1' },
    ],
    apt: [],
  };
  expect(departuresFrom(STEP, found)).toEqual([
    'numpy 2.2.0 is installed, build.lock has 2.1.0',
    'new 1 is installed and not in build.lock',
  ]);
  expect(departuresFrom(STEP, STEP)).toEqual([]);
});
