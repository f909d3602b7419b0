import { expect, test } from 'vitest';
import { servingFiles } from './serving-folder.ts';

test('what goes into an image is the runtime without its tests', async () => {
  const paths = (await servingFiles()).map(({ path }) => path);
  expect(paths).toContain('requirements.txt');
  expect(paths).toContain('berth_serving/__main__.py');
  expect(paths).toContain('berth_serving/endpoints/page.html');
  expect(paths.filter((path) => /test|pycache|\.pyc$/.test(path))).toEqual([]);
});
