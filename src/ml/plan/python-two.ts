import type { PythonModule } from '../python/module.ts';
import type { Finding } from './plan.ts';

/** Programs that only Python 2 understands: no image of Python 3 runs them. */
export function pythonTwoFindings(modules: readonly PythonModule[]): Finding[] {
  return modules.flatMap(({ path, python2 }): Finding[] => {
    if (python2 === undefined) return [];
    const { line, what } = python2;
    const fix = `2to3 -w ${path}, and look at what it changed`;
    return [{ code: 'python-2', severity: 'error', message: `${path} is written for Python 2: it has ${what}`, file: path, line, fix }];
  });
} // prettier-ignore
