import type { SyntaxNode } from '@lezer/common';
import { type FileTree, folderOf, joinPath } from '../../files.ts';
import { normalName, parseRequirement } from '../requirements.ts';
import { addRequirement, type RequirementRole } from './add-requirement.ts';
import { type Draft, newDraft, problem } from './contract.ts';
import { versionVariable } from './git-versions.ts';
import { readRequirementsFile } from './requirements-file.ts';
import { dictionaryOf, keywordsOf, lineOf, type Listed, listed, readSource, setupCall, single, type Source } from './setup-source.ts'; // prettier-ignore

/** Reads the call of `setup()` in a setup.py without running anything; undefined if there is none. */
export async function readSetupPy(tree: FileTree, path: string): Promise<Draft | undefined> {
  const text = await tree.read(path);
  if (text === undefined) return undefined;
  const { source, top } = readSource(text);
  const call = setupCall(source, top);
  if (call === undefined) return undefined;
  const draft = newDraft('setup', path, 'pip');
  draft.files.push(path);
  const given = keywordsOf(source, call);
  draft.versionVariable = given.has('use_scm_version')
    ? versionVariable('use_scm_version')
    : given.has('pbr')
      ? versionVariable('pbr')
      : undefined;
  const name = given.get('name');
  draft.packageName = normalName(single(source, name)?.text ?? baseName(path));
  const python = single(source, given.get('python_requires'));
  if (python !== undefined) draft.requiresPython = { specifiers: python.text, file: path, line: python.line };
  readClassifiers(draft, listed(source, given.get('classifiers')));
  await addAll(tree, draft, { list: listed(source, given.get('install_requires') ?? given.get('requires')), role: 'requirement' }); // prettier-ignore
  await readExtras(tree, draft, { source, node: given.get('extras_require') });
  readScripts(draft, listed(source, given.get('entry_points')));
  const modules = given.get('ext_modules');
  if (modules !== undefined) draft.projects.push({ path: folderOf(path), extras: [], editable: false, isRead: true, file: path, line: lineOf(source, modules) }); // prettier-ignore
  return draft;
}

const baseName = (path: string): string => folderOf(path).replace(/^.*\//, '') || 'project';

async function addAll(
  tree: FileTree,
  draft: Draft,
  { list, role }: { list: Listed; role: RequirementRole },
): Promise<void> {
  for (const { text, line } of list.texts) {
    const parsed = parseRequirement(text.replace(/\s+#.*$/, ''));
    if (parsed !== undefined) addRequirement(draft, { ...parsed, file: draft.path, line }, role);
  }
  for (const { text } of role === 'requirement' ? list.files : []) {
    const path = joinPath(folderOf(draft.path), text);
    if (path === undefined) continue;
    const read = await readRequirementsFile(tree, path);
    draft.requirements.push(...read.requirements);
    draft.files.push(...read.files);
    draft.problems.push(...read.problems);
  }
  if (!list.isPartial || role !== 'requirement') return;
  draft.needsProject = true;
  draft.problems.push(problem('setup-runs-code', { file: draft.path, line: 1 }, { message: `${draft.path} makes part of its requirements when it is run, so they are not all known`, fix: 'write them into pyproject.toml', severity: 'note' })); // prettier-ignore
}

async function readExtras(
  tree: FileTree,
  draft: Draft,
  { source, node }: { source: Source; node: SyntaxNode | undefined },
): Promise<void> {
  for (const [group, value] of dictionaryOf(source, node)) {
    draft.extras.add(group);
    await addAll(tree, draft, { list: listed(source, value), role: { group } });
  }
}

function readClassifiers(draft: Draft, list: Listed): void {
  const found = list.texts.filter(({ text }) => /^Programming Language :: Python :: 3\.\d+$/.test(text));
  const [first] = found;
  if (first !== undefined)
    draft.classifiedPythons = { versions: found.map(({ text }) => text.replace(/^.*:: /, '')), file: draft.path, line: first.line }; // prettier-ignore
}

function readScripts(draft: Draft, list: Listed): void {
  for (const { text, line } of list.texts) {
    const [, name, target] = /^([\w.-]+)\s*=\s*([\w.]+:[\w.]+)/.exec(text) ?? [];
    if (name !== undefined && target !== undefined) draft.scripts.push({ name, target, file: draft.path, line });
  }
}
