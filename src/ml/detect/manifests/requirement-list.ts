import { folderOf, joinPath } from '../../files.ts';
import { type Toml, tomlLine } from '../../toml.ts';
import { parseRequirement } from '../requirements.ts';
import { addRequirement, type RequirementRole } from './add-requirement.ts';
import { type Draft, problem } from './contract.ts';

/** A list of lines of PEP 508. */
export function readList(draft: Draft, list: Toml | undefined, role: RequirementRole): void {
  if (!Array.isArray(list)) return;
  for (const [index, item] of list.entries()) {
    if (typeof item !== 'string') continue;
    const at = { file: draft.path, line: tomlLine(list, index) };
    const parsed = parseRequirement(item);
    if (parsed === undefined)
      draft.problems.push(problem('invalid-requirement', at, { message: `not a requirement, and left out: ${item.slice(0, 80)}`, fix: 'write it as name==version' })); // prettier-ignore
    else if (parsed.url?.startsWith('file:') === true) noteFolder(draft, parsed.url, at);
    else addRequirement(draft, { ...parsed, ...at }, role);
  }
}

/** `name @ file:///${PROJECT_ROOT}/lib`, as Hatch and PDM write folders of the project. */
function noteFolder(draft: Draft, url: string, at: { file: string; line: number }): void {
  const inside = /^file:(?:\/\/)?\/?(?:\$\{PROJECT_ROOT\}|\{root:uri\}|\.)\/(.*)$/.exec(url)?.[1];
  const path = inside === undefined ? undefined : joinPath(folderOf(draft.path), inside);
  if (path === undefined)
    draft.problems.push(problem('local-path-missing', at, { message: `${url} is a folder of another machine, and was left out`, fix: 'name the package and its version', severity: 'error' })); // prettier-ignore
  else draft.projects.push({ path, extras: [], editable: false, isRead: false, ...at });
}
