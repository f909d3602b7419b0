import { type FileTree, hasFile, hasFolder } from '../files.ts';
import type { PythonModule } from '../python/module.ts';
import type { HubModel } from './plan.ts';

/** Models that modules fetch by name when they run; what lies in the project under that name is none. */
export function planHubModels(tree: FileTree, modules: readonly PythonModule[]): HubModel[] {
  const found = new Map<string, HubModel>();
  for (const { path, downloads } of modules)
    for (const { name, hub, line, revision } of downloads) {
      if (hasFile(tree, name) || hasFolder(tree, name) || found.has(name)) continue;
      found.set(name, { name, hub, revision: revision ?? null, evidence: { file: path, line } });
    }
  return [...found.values()];
}
