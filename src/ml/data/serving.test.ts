import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { SERVING_FORMATS, SERVING_PORT, SERVING_REQUIREMENTS, servingFormat } from './serving.ts';

const read = (path: string): string => readFileSync(new URL(`../../../serving/${path}`, import.meta.url), 'utf8');

test('the table has the requirements that the runtime names', () => {
  const lines = read('requirements.txt').split('\n');
  expect(SERVING_REQUIREMENTS).toEqual(lines.filter((line) => line !== '' && !line.startsWith('#')));
});

test('the table has the formats that the runtime takes', () => {
  const [, listed = ''] = /FORMATS = \(([^)]*)\)/.exec(read('berth_serving/settings.py')) ?? [];
  const taken = [...listed.matchAll(/"([\w-]+)"/g)].map(([, name = '']) => name);
  expect(SERVING_FORMATS.map(({ format }) => format).toSorted()).toEqual(taken.toSorted());
  expect(read('berth_serving/settings.py')).toContain(`port: int = ${SERVING_PORT}`);
});

test('a format without a loader has no row', () => {
  expect(servingFormat('onnx')?.distributions).toContain('onnxruntime');
  expect(servingFormat('gguf')).toBeUndefined();
});
