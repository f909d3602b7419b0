import { run } from '#lib/run.ts';
import { UnavailableError } from '#lib/errors.ts';
import { findProgram } from './find-program.ts';

/** The two programs below the engine. */
export interface Programs {
  runc: { path: string; version: string; commit: string };
  conmon: { path: string; version: string };
}

/** @throws {UnavailableError} if one of them is missing, with the package that has it */
export async function findPrograms(): Promise<Programs> {
  const [runc, conmon] = await Promise.all([find('runc'), find('conmon')]);
  const [runcText, conmonText] = await Promise.all([run([runc, '--version']), run([conmon, '--version'])]);
  return {
    runc: {
      path: runc,
      version: /version (\d+\.\d+\.\d+)/.exec(runcText.stdout)?.[1] ?? 'unknown',
      commit: /commit: (\S+)/.exec(runcText.stdout)?.[1] ?? '',
    },
    conmon: { path: conmon, version: /version (\d+\.\d+\.\d+)/.exec(conmonText.stdout)?.[1] ?? 'unknown' },
  };
}

async function find(program: string): Promise<string> {
  const path = await findProgram(program);
  if (path !== undefined) return path;
  throw new UnavailableError(`${program} is not installed`, {
    why: 'containers are made and supervised by it',
    hint: `install the package ${program}, for example: apt-get install ${program}`,
  });
}
