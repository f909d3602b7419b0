import { expect, test } from 'vitest';
import strings from './cases/platform-strings.json' with { type: 'json' };
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

test.each(['', 'plan9', 'a/b/c/d', 'linux/', 'linux/am d64'])('%j is refused', (text) => {
  expect(() => parsePlatform(text)).toThrow('invalid platform');
});

interface PlatformCase {
  in: string;
  error?: boolean;
  os?: string;
  arch?: string;
  variant?: string;
  osversion?: string;
}

test.each(strings.cases as PlatformCase[])('$in is read as the reference does', (given) => {
  if (given.error === true) {
    expect(() => parsePlatform(given.in)).toThrow('invalid platform');
    return;
  }
  const { os, architecture, variant, 'os.version': version } = parsePlatform(given.in);
  // ARM without a variant is its seventh; the reference says so only when it compares.
  const usual = given.arch === 'arm' ? 'v7' : undefined;
  expect({ os, arch: architecture, variant, osversion: version }).toEqual({
    os: given.os,
    arch: given.arch,
    variant: given.variant ?? usual,
    osversion: given.osversion,
  });
});
