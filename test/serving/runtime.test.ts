import { expect, test } from 'vitest';
import { run } from '#lib/run.ts';
import { servingFolder } from '#project/serving-folder.ts';
import { servingPython } from './python.ts';

// The runtime's own tests are Python; this runs them in an environment of their own.

test('the serving runtime passes its own tests', async (context) => {
  const found = await servingPython();
  context.skip('missing' in found, 'missing' in found ? found.missing : '');
  if ('missing' in found) return;
  const env = { ...(process.env as Record<string, string>), PYTHONDONTWRITEBYTECODE: '1', PYTHONWARNINGS: 'ignore' };
  const words = ['-m', 'unittest', 'discover', '-s', 'tests', '-t', '.'];
  const { code, stderr } = await run([found.python, ...words], { cwd: servingFolder(), env, allowFailure: true });
  expect(code, stderr.slice(-4000)).toBe(0);
  expect(Number(/Ran (\d+) tests/.exec(stderr)?.[1])).toBeGreaterThan(50);
});
