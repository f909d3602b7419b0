import { cp, mkdtempDisposable, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Comparison, alternate } from './support/measure.ts';
import type { End, Ends } from './support/ends.ts';

/** `docker build` of examples/iris with the classic builder on both sides: without and with its step cache. */
export async function bench(ends: Ends): Promise<Comparison[]> {
  await using context = await mkdtempDisposable(join(tmpdir(), 'bench-iris-'));
  await cp('examples/iris', context.path, { recursive: true });
  await rm(join(context.path, '.dockerignore'), { force: true });
  await writeFile(join(context.path, 'model.pkl'), 'any bytes: the model is not loaded by a build');
  const build = async (end: End, ...flags: string[]): Promise<void> => {
    await end.docker('build', ...flags, '-t', 'bench-iris', context.path);
  };
  const command = 'DOCKER_BUILDKIT=0 docker build';
  const cold = await alternate(
    { berth: () => build(ends.berth, '--no-cache'), peer: () => build(ends.peer, '--no-cache') },
    5,
  );
  const cached = await alternate({ berth: () => build(ends.berth), peer: () => build(ends.peer) }, 9);
  return [
    {
      name: 'build iris, cold',
      unit: 'ms',
      ...cold,
      commands: { berth: `${command} --no-cache -t bench-iris .`, peer: `${command} --no-cache -t bench-iris .` },
      settings: 'base image present, packages downloaded anew by pip on both sides',
    },
    {
      name: 'build iris, cached',
      unit: 'ms',
      ...cached,
      commands: { berth: `${command} -t bench-iris .`, peer: `${command} -t bench-iris .` },
      settings: 'nothing changed since the last build',
    },
  ];
}
