import { expect, test } from 'vitest';
import { treeOf } from '../../files.ts';
import { readInlineScript } from './inline-script.ts';

const SCRIPT = `#!/usr/bin/env -S uv run
# /// script
# requires-python = ">=3.12"
# dependencies = [
#   "fastapi",
#   "scikit-learn==1.6.1",
# ]
# ///
import sklearn
`;

test('a script that names its own requirements', async () => {
  const draft = await readInlineScript(treeOf({ 'serve.py': SCRIPT, 'other.py': 'x = 1' }), '');
  expect(draft).toMatchObject({
    path: 'serve.py',
    requiresPython: { specifiers: '>=3.12', line: 3 },
    requirements: [
      { name: 'fastapi', line: 5 },
      { name: 'scikit-learn', specifiers: '==1.6.1', line: 6 },
    ],
  });
});

test('lines of Windows, a block that is no TOML, one of another kind and one in another folder', async () => {
  expect((await readInlineScript(treeOf({ 'a.py': SCRIPT.replaceAll('\n', '\r\n') }), ''))?.requirements).toHaveLength(
    2,
  );
  expect(await readInlineScript(treeOf({ 'a.py': '# /// script\n# x = [\n# ///\n' }), '')).toBeUndefined();
  expect(await readInlineScript(treeOf({ 'a.py': '# /// other\n# x = 1\n# ///\n' }), '')).toBeUndefined();
  expect(await readInlineScript(treeOf({ 'b/a.py': SCRIPT }), '')).toBeUndefined();
});
