import type { PythonModule } from '../python/module.ts';
import type { ProjectPlan } from './plan.ts';

/** Variables that every system has, or that only say where something lies there. */
const USUAL = new Set(['PATH', 'HOME', 'USER', 'PWD', 'SHELL', 'LANG', 'TMPDIR', 'TMP', 'TEMP', 'DISPLAY', 'HOSTNAME', 'TERM', 'PYTHONPATH', 'VIRTUAL_ENV', 'USERNAME', 'APPDATA', 'LOCALAPPDATA', 'USERPROFILE', 'LD_LIBRARY_PATH', 'COLUMNS', 'NO_COLOR']); // prettier-ignore

/** Variables of the environment that modules read, each once; required ones first, where one place demands it. */
export function planEnvironment(modules: readonly PythonModule[]): ProjectPlan['environment'] {
  const found = new Map<string, ProjectPlan['environment'][number]>();
  for (const { path, environment } of modules)
    for (const { name, required, line } of environment) {
      const known = found.get(name);
      if (USUAL.has(name) || (known !== undefined && (known.required || !required))) continue;
      found.set(name, { name, required, evidence: { file: path, line } });
    }
  for (const setting of settings(modules)) if (!found.has(setting.name)) found.set(setting.name, setting);
  return [...found.values()].toSorted((a, b) => Number(b.required) - Number(a.required));
}

/** Fields of classes of pydantic-settings: read from variables of their names. */
function settings(modules: readonly PythonModule[]): ProjectPlan['environment'] {
  return modules.flatMap(({ path, classes }) =>
    classes
      .filter(({ bases }) => bases.some((base) => /(?:^|\.)BaseSettings$/.test(base)))
      .flatMap(({ fields, line }) =>
        fields
          .filter(({ name }) => name !== 'model_config')
          .map(({ name, fallback }) => {
            const required = fallback === undefined;
            return { name: name.toUpperCase(), required, evidence: { file: path, line } };
          }),
      ),
  );
}
