import { expect, test } from 'vitest';
import { parsePlatform } from './parse-platform.ts';

test.each([
  ['linux/amd64', { os: 'linux', architecture: 'amd64' }],
  ['linux/x86_64', { os: 'linux', architecture: 'amd64' }],
  ['linux/arm64/v8', { os: 'linux', architecture: 'arm64', variant: 'v8' }],
  ['linux/arm', { os: 'linux', architecture: 'arm', variant: 'v7' }],
  ['aarch64', { os: 'linux', architecture: 'arm64' }],
  ['Windows/AMD64', { os: 'windows', architecture: 'amd64' }],
])('%s', (text, platform) => {
  expect(parsePlatform(text)).toEqual(platform);
});

test.each(['', 'linux', 'a/b/c/d', 'linux/', 'linux/am d64'])('%j is refused', (text) => {
  expect(() => parsePlatform(text)).toThrow('invalid platform');
});
