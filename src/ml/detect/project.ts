import type { FileTree } from '../files.ts';
import type { PythonModule } from '../python/module.ts';
import type { ModelFacts } from '../models/model.ts';
import { findModels } from '../models/find-models.ts';
import { findManifest, type Manifest } from './manifest.ts';
import { type NotebookFacts, readNotebooks } from './notebooks.ts';
import { type PythonRequest, pythonRequests } from './python-version.ts';
import { readModules } from './read-modules.ts';
import type { StartHint } from './start-hint.ts';
import { readStartHints } from './start-hints.ts';

export { isAside, localModule, reachable } from './reach.ts';

/** What was read of a project, before anything is decided. */
export interface ProjectFacts {
  tree: FileTree;
  /** All Python files: those that matter read whole, of the others only what they import. */
  modules: readonly PythonModule[];
  notebooks: readonly NotebookFacts[];
  /** Largest first. */
  models: readonly ModelFacts[];
  manifest: Manifest | undefined;
  pythonRequests: readonly PythonRequest[];
  dockerfile: { path: string; text: string } | undefined;
  /** Commands that the project's files start it with, the most binding first. */
  hints: readonly StartHint[];
  /** What could not be looked at, in words. */
  unknown: readonly string[];
}

/** Reads a project's manifests and code. Nothing of it is executed. */
export async function readProject(tree: FileTree): Promise<ProjectFacts> {
  const unknown: string[] = tree.complete ? [] : ['the folder holds more files than were looked at'];
  for (const { folder, files } of tree.passedOver ?? [])
    unknown.push(`${folder} holds ${files} files that are no code, of which only a few were looked at`);
  const text = await tree.read('Dockerfile');
  const hints = await readStartHints(tree);
  const modules = await readModules(tree, hints, unknown);
  return {
    tree,
    modules,
    notebooks: await readNotebooks(tree, unknown),
    models: await findModels(tree),
    manifest: await findManifest(tree),
    pythonRequests: await pythonRequests(tree),
    dockerfile: text === undefined ? undefined : { path: 'Dockerfile', text },
    hints,
    unknown,
  };
}
