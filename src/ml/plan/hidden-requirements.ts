import { HIDDEN_REQUIREMENTS, type HiddenRequirement } from '../data/hidden-requirements.ts';
import type { ProjectFacts } from '../detect/project.ts';
import type { PythonImport, PythonModule } from '../python/module.ts';
import type { UnlistedImport } from './unlisted-imports.ts';

/** What the programs need without importing it, and `present` does not hold: one for each distribution, with the reason. */
export function hiddenRequirements(
  modules: readonly PythonModule[],
  { manifest }: ProjectFacts,
  present: ReadonlySet<string>,
): UnlistedImport[] {
  const withExtras = (manifest?.requirements ?? []).flatMap(({ name, extras }) => extras.map((extra) => `${name}[${extra}]`));
  const there = new Set([...present, ...withExtras]);
  const found = new Map<string, UnlistedImport>();
  for (const row of HIDDEN_REQUIREMENTS) {
    if (found.has(row.needs) || [row.needs, ...(row.unless ?? [])].some((name) => there.has(name))) continue;
    const needed = modules.flatMap((module) => needIn(module, row) ?? []).toSorted((a, b) => Number(a.late) - Number(b.late))[0];
    if (needed !== undefined) found.set(row.needs, needed);
  }
  return [...found.values()];
} // prettier-ignore

function needIn(module: PythonModule, { needs, why, calls, ...row }: HiddenRequirement): UnlistedImport | undefined {
  const line = module.imports.find((one) => !one.optional && isOf(one, row));
  if (line === undefined) return undefined;
  if (calls !== undefined && ![...module.calls].some((call) => calls.includes(call.split('.').at(-1) ?? ''))) return undefined;
  return { module: row.module, distribution: needs, evidence: { file: module.path, line: line.line }, late: line.late, why };
} // prettier-ignore

/** `from fastapi import File`; without names also modules below it. */
function isOf({ module, names }: PythonImport, row: Pick<HiddenRequirement, 'module' | 'names'>): boolean {
  if (row.names !== undefined) return module === row.module && names.some((name) => row.names?.includes(name));
  const isBelow = module.startsWith(`${row.module}.`);
  const parent = row.module.split('.').slice(0, -1).join('.');
  const isName = parent !== '' && module === parent && names.includes(row.module.split('.').at(-1) ?? '');
  return module === row.module || isBelow || isName;
}
