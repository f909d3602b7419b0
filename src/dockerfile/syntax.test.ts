import { expect, test } from 'vitest';
import { askedSyntax } from './syntax.ts';

test.each<[string, { isOurs: boolean; newerLevel?: string }]>([
  ['# syntax=docker/dockerfile:1', { isOurs: true }],
  ['# syntax = docker.io/docker/dockerfile:1.26@sha256:abc', { isOurs: true }],
  ['// syntax=docker/dockerfile-upstream:master-labs', { isOurs: true }],
  ['{"syntax": "docker/dockerfile:1.7-labs", "x": [', { isOurs: true }],
  ['#!/usr/bin/env x\n# syntax=docker/dockerfile', { isOurs: true }],
  ['# syntax=docker/dockerfile:1.27', { isOurs: true, newerLevel: '1.27' }],
  ['# syntax=docker/dockerfile:2', { isOurs: true, newerLevel: '2' }],
  ['# syntax=ghcr.io/docker/dockerfile:1', { isOurs: false }],
  ['# syntax=docker/dockerfiles:1', { isOurs: false }],
])('%s', (text, expected) => {
  expect(askedSyntax(text.startsWith('{') ? `${text}1]}` : `${text}\nFROM a\n`, new Map())).toMatchObject({
    newerLevel: undefined,
    ...expected,
  });
});

test('what is passed counts more than what is written', () => {
  const text = '# syntax=example/x\nFROM a\n';
  expect(askedSyntax(text, new Map([['BUILDKIT_SYNTAX', 'dockerfile.v0']]))?.isOurs).toBe(true);
  expect(askedSyntax(text, new Map([['BUILDKIT_SYNTAX', '']]))?.isOurs).toBe(false);
  expect(askedSyntax('FROM a\n', new Map())).toBeUndefined();
});
