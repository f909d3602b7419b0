import type { AppFacts } from '../detect/app.ts';
import type { ProjectFacts } from '../detect/project.ts';
import { findServices } from '../detect/services.ts';
import { baseOf, type FileTree, subTree } from '../files.ts';
import type { ProjectPlan, ServicePlan } from './plan.ts';

/** Plans for the parts of a folder that are programs of their own; none where there is only one. `plan` makes one of a tree. */
export async function planServices(
  facts: ProjectFacts,
  apps: readonly AppFacts[],
  plan: (tree: FileTree, directory: string) => Promise<ProjectPlan>,
): Promise<ServicePlan[]> {
  const services: ServicePlan[] = [];
  for (const { name, folder } of await findServices(facts, apps)) {
    const directory = folder === '' ? name : baseOf(folder);
    services.push({ name, directory: folder, plan: await plan(subTree(facts.tree, folder), directory) });
  }
  return services;
}
