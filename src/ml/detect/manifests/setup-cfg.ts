import { type FileTree, folderOf, joinPath } from '../../files.ts';
import { type IniValue, parseIni } from '../../ini.ts';
import { normalName, parseRequirement } from '../requirements.ts';
import { addRequirement, type RequirementRole } from './add-requirement.ts';
import { type Draft, newDraft, problem } from './contract.ts';
import { readRequirementsFile } from './requirements-file.ts';

/** Reads setup.cfg (setuptools, "Configuring setuptools using setup.cfg files"); undefined if it says nothing of a package. */
export async function readSetupCfg(tree: FileTree, path: string): Promise<Draft | undefined> {
  const text = await tree.read(path);
  if (text === undefined) return undefined;
  const sections = parseIni(text);
  const [metadata, options] = [sections.get('metadata'), sections.get('options')];
  if (metadata === undefined && options === undefined) return undefined;
  const draft = newDraft('setup', path, 'pip');
  draft.files.push(path);
  const name = metadata?.get('name')?.text;
  if (name !== undefined) draft.packageName = normalName(name);
  const python = options?.get('python_requires');
  if (python !== undefined) draft.requiresPython = { specifiers: python.text.trim(), file: path, line: python.line };
  readClassifiers(draft, metadata?.get('classifiers'));
  await readItems(tree, draft, { value: options?.get('install_requires'), role: 'requirement' });
  for (const [group, value] of sections.get('options.extras_require') ?? []) {
    draft.extras.add(group);
    await readItems(tree, draft, { value, role: { group } });
  }
  for (const { text: script, line } of sections.get('options.entry_points')?.get('console_scripts')?.items ?? []) {
    const [, label, target] = /^([\w.-]+)\s*=\s*(\S+)$/.exec(script) ?? [];
    if (label !== undefined && target !== undefined) draft.scripts.push({ name: label, target, file: path, line });
  }
  return draft;
}

async function readItems(
  tree: FileTree,
  draft: Draft,
  { value, role }: { value: IniValue | undefined; role: RequirementRole },
): Promise<void> {
  for (const { text, line } of value?.items ?? []) {
    const included = /^file:\s*(.+)$/.exec(text)?.[1]?.split(',').map((name) => name.trim()); // prettier-ignore
    if (included !== undefined && role === 'requirement') await include(tree, draft, included);
    if (included !== undefined) continue;
    const parsed = parseRequirement(text);
    if (parsed !== undefined) addRequirement(draft, { ...parsed, file: draft.path, line }, role);
    else draft.problems.push(problem('invalid-requirement', { file: draft.path, line }, { message: `not a requirement, and left out: ${text.slice(0, 80)}`, fix: 'write it as name==version' })); // prettier-ignore
  }
}

async function include(tree: FileTree, draft: Draft, names: readonly string[]): Promise<void> {
  for (const name of names) {
    const path = joinPath(folderOf(draft.path), name);
    if (path === undefined) continue;
    const read = await readRequirementsFile(tree, path);
    draft.requirements.push(...read.requirements);
    draft.files.push(...read.files);
    draft.problems.push(...read.problems);
  }
}

function readClassifiers(draft: Draft, value: IniValue | undefined): void {
  const versions = (value?.items ?? []).flatMap(({ text }) => /^Programming Language :: Python :: (3\.\d+)$/.exec(text)?.[1] ?? []); // prettier-ignore
  if (value !== undefined && versions.length > 0)
    draft.classifiedPythons = { versions, file: draft.path, line: value.line };
}
