import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { run } from '#lib/run.ts';
import { servingFolder } from '#project/serving-folder.ts';

/** What the tests of formats want besides the runtime's own requirements. */
const LIBRARIES = ['numpy', 'scikit-learn', 'pandas', 'onnxruntime', 'onnx'] as const;
const CACHE = '/var/tmp/berth-test-serving';

/**
 * A virtual environment with what the runtime and its tests need, made once per machine.
 * @returns its Python, or why there is none
 */
export async function servingPython(): Promise<{ python: string } | { missing: string }> {
  const requirements = join(servingFolder(), 'requirements.txt');
  const version = await run(['python3', '--version'], { allowFailure: true }).catch(() => undefined);
  if (version === undefined) return { missing: 'python3 is not installed' };
  const wanted = `${version.stdout}${await readFile(requirements, 'utf8')}${LIBRARIES.join(' ')}`;
  const folder = join(CACHE, createHash('sha256').update(wanted).digest('hex').slice(0, 16));
  const python = join(folder, 'bin', 'python');
  if (existsSync(join(folder, 'ready'))) return { python };
  await rm(folder, { recursive: true, force: true });
  await mkdir(CACHE, { recursive: true });
  const made = await run(['python3', '-m', 'venv', folder], { allowFailure: true });
  if (made.code !== 0) return { missing: 'python3 cannot make virtual environments here (python3-venv)' };
  const words = ['-m', 'pip', 'install', '-q', '--no-compile', '-r', requirements, ...LIBRARIES];
  const installed = await run([python, ...words], { allowFailure: true });
  if (installed.code !== 0) {
    await rm(folder, { recursive: true, force: true });
    return { missing: `packages cannot be installed here: ${installed.stderr.trim().split('\n').at(-1) ?? ''}` };
  }
  await writeFile(join(folder, 'ready'), '');
  return { python };
}
