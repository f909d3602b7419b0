import { type FileTree, hasFile } from '../../files.ts';
import { normalName } from '../requirements.ts';
import type { Draft, LocalProject } from './contract.ts';
import { readPyproject } from './pyproject.ts';
import { readSetupCfg } from './setup-cfg.ts';
import { readSetupPy } from './setup-py.ts';

const MAX_PROJECTS = 30;

/** What the package in a folder says of itself: pyproject.toml, then setup.cfg with setup.py; undefined if there is none. */
export async function readPackage(tree: FileTree, folder: string): Promise<Draft | undefined> {
  const at = (name: string): string => (folder === '' ? name : `${folder}/${name}`);
  const pyproject = await readPyproject(tree, at('pyproject.toml'));
  const hasTable = pyproject?.packageName !== undefined && !isDynamic(pyproject);
  if (pyproject !== undefined && (hasTable || pyproject.requirements.length > 0)) return pyproject;
  return (await readSetup(tree, folder)) ?? pyproject;
}

/** A pyproject.toml that only names the build leaves the rest to setup.py. */
function isDynamic({ requirements, requiresPython }: Draft): boolean {
  return requirements.length === 0 && requiresPython === undefined;
}

/** setup.cfg and setup.py together: what one leaves out the other says. */
export async function readSetup(tree: FileTree, folder: string): Promise<Draft | undefined> {
  const at = (name: string): string => (folder === '' ? name : `${folder}/${name}`);
  const [cfg, py] = [await readSetupCfg(tree, at('setup.cfg')), await readSetupPy(tree, at('setup.py'))];
  const chosen = cfg !== undefined && cfg.requirements.length > 0 ? cfg : (py ?? cfg);
  const other = chosen === cfg ? py : cfg;
  if (chosen === undefined || other === undefined) return chosen;
  chosen.requiresPython ??= other.requiresPython;
  chosen.classifiedPythons ??= other.classifiedPythons;
  chosen.packageName = cfg?.packageName ?? py?.packageName;
  chosen.versionVariable ??= other.versionVariable;
  chosen.files.push(...other.files);
  chosen.scripts.push(...other.scripts);
  for (const [group, list] of other.optional) if (!chosen.optional.has(group)) chosen.optional.set(group, list);
  return chosen;
}

/** Adds what the folders need that a manifest installs as packages, so that it can be installed before their code is there. */
export async function readLocalProjects(tree: FileTree, draft: Draft): Promise<void> {
  const seen = new Set<string>();
  const queue = draft.projects.splice(0);
  const read: LocalProject[] = [];
  for (let next = queue.shift(); next !== undefined && read.length < MAX_PROJECTS; next = queue.shift()) {
    if (seen.has(next.path)) continue;
    seen.add(next.path);
    const own = hasFile(tree, next.path) ? undefined : await readPackage(tree, next.path);
    read.push({ ...next, isRead: next.isRead || (own !== undefined && !own.needsProject) });
    if (own === undefined) continue;
    addOf(draft, own, next);
    queue.push(...own.projects);
  }
  draft.projects.push(...read);
  if (draft.projects.length > 0) draft.readByPip = false;
}

function addOf(draft: Draft, own: Draft, { extras }: LocalProject): void {
  const wanted = extras.flatMap((extra) => own.optional.get(extra) ?? own.optional.get(normalName(extra)) ?? []);
  const named = new Set(draft.requirements.map(({ name }) => name));
  draft.requirements.push(...[...own.requirements, ...wanted].filter(({ name }) => !named.has(name)));
  for (const [group, list] of own.optional) if (!draft.optional.has(group)) draft.optional.set(group, list);
  draft.requiresPython ??= own.requiresPython;
  draft.classifiedPythons ??= own.classifiedPythons;
  draft.packageName ??= own.packageName;
  draft.versionVariable ??= own.versionVariable;
  draft.scripts.push(...own.scripts);
  draft.files.push(...own.files.filter((path) => !draft.files.includes(path)));
  draft.problems.push(...own.problems);
}
