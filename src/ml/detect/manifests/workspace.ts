import { baseOf, type FileTree, folderOf } from '../../files.ts';
import { tomlAt } from '../../toml.ts';
import { normalName } from '../requirements.ts';
import type { Draft } from './contract.ts';
import { readTomlFile } from './toml-file.ts';

/** A requirement that another folder of the same workspace stands for. */
export interface WorkspaceMember {
  name: string;
  line: number;
}

const MAX_MEMBERS = 100;

/** Finds the folders of a workspace that packages come from, and takes those packages off what the index is asked for. */
export async function addWorkspaceMembers(
  tree: FileTree,
  draft: Draft,
  members: readonly WorkspaceMember[],
): Promise<void> {
  if (members.length === 0) return;
  const manifests = tree.files.filter(({ path }) => baseOf(path) === 'pyproject.toml' && path !== draft.path);
  for (const { path } of manifests.slice(0, MAX_MEMBERS)) {
    const name = tomlAt((await readTomlFile(tree, path))?.table ?? {}, 'project', 'name');
    const member = members.find((one) => typeof name === 'string' && one.name === normalName(name));
    if (member === undefined) continue;
    draft.requirements = draft.requirements.filter((item) => item.name !== member.name);
    draft.projects.push({ path: folderOf(path), extras: [], editable: false, isRead: false, file: draft.path, line: member.line }); // prettier-ignore
  }
}
