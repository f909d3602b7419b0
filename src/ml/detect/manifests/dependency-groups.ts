import { isTable, type Toml, tomlAt, type TomlTable } from '../../toml.ts';
import { type Draft, problem } from './contract.ts';
import { readList } from './requirement-list.ts';

const MAX_DEPTH = 20;

/** Reads `[dependency-groups]` (PEP 735); groups include each other, and none is installed unless it is asked for. */
export function readDependencyGroups(draft: Draft, table: TomlTable): void {
  const groups = tomlAt(table, 'dependency-groups');
  if (!isTable(groups)) return;
  for (const group of Object.keys(groups)) addGroup({ draft, groups, group }, group, []);
}

function addGroup(
  target: { draft: Draft; groups: TomlTable; group: string },
  name: string,
  above: readonly string[],
): void {
  const { draft, groups, group } = target;
  if (above.includes(name) || above.length > MAX_DEPTH) {
    draft.problems.push(problem('group-cycle', { file: draft.path, line: 1 }, { message: `the group ${name} includes itself`, fix: 'take one of the includes out' })); // prettier-ignore
    return;
  }
  const list = groups[name];
  readList(draft, list, { group });
  for (const included of includesOf(list)) addGroup(target, included, [...above, name]);
}

function includesOf(list: Toml | undefined): string[] {
  return (Array.isArray(list) ? list : []).flatMap((item) =>
    isTable(item) && typeof item['include-group'] === 'string' ? [item['include-group']] : [],
  );
}
