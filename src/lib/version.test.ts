import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { VERSION } from './version.ts';

test('the program and its package have one version', async () => {
  expect((JSON.parse(await readFile('package.json', 'utf8')) as { version: string }).version).toBe(VERSION);
});
