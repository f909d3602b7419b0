import type { Program } from '../program.ts';
import { contextPathOf } from './context-copy.ts';
import { pythonInstallOf } from './python-install.ts';
import { runsOf } from './run-views.ts';
import { isTooLong, lintSubject } from './subject.ts';

/** Files of the context that list packages to install: what `pip install -r` reads. */
export function requirementFiles(program: Program): string[] {
  if (isTooLong(program)) return [];
  const { stages } = lintSubject(program, { reading: {}, facts: {}, isForAll: true });
  const found = runsOf({ stages }).flatMap((run) =>
    run.commands.flatMap((command) =>
      (pythonInstallOf(command)?.files ?? []).flatMap((file) => contextPathOf(run, file) ?? []),
    ),
  );
  return [...new Set(found)];
}
