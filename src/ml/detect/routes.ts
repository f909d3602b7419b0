import { baseOf } from '../files.ts';
import type { PythonModule, PythonRoute } from '../python/module.ts';
import type { AppFacts } from './app.ts';
import type { ProjectFacts } from './project.ts';
import { localModule, reachable } from './reach.ts';

/** A route with the whole path that clients ask for. */
export interface RouteFacts extends PythonRoute {
  module: PythonModule;
}

/** The routes of an app, those of its routers and blueprints with their prefixes. */
export function routesOf(facts: ProjectFacts, { module: entry }: Pick<AppFacts, 'module'>): RouteFacts[] {
  const modules = reachable(facts, entry);
  return modules.flatMap((module) =>
    module.routes.map((route) => {
      const made = module.routers.find(({ variable, included }) => !included && variable === route.owner);
      if (made === undefined) return { ...route, module };
      const prefix = `${includedAt(facts, modules, { module, owner: route.owner })}${made.prefix}`;
      return { ...route, module, path: `${prefix}${route.path}`.replace(/\/{2,}/g, '/') || '/' };
    }),
  );
}

/** Prefix under which an application takes a router of a module in; empty if that is nowhere seen. */
function includedAt(
  facts: ProjectFacts,
  modules: readonly PythonModule[],
  { module, owner }: { module: PythonModule; owner: string },
): string {
  for (const other of modules)
    for (const { variable, prefix, included } of other.routers) {
      if (!included) continue;
      const [first = '', last] = [variable.split('.')[0], variable.split('.').at(-1)];
      const isHere = other === module && variable === owner;
      if (isHere || (last === owner && importsIt(facts, other, { module, first })) || aliases(facts, other, { module, owner, variable }))
        return prefix;
    }
  return '';
} // prettier-ignore

/** `from .routers import items` with `items.router`. */
function importsIt(facts: ProjectFacts, from: PythonModule, { module, first }: { module: PythonModule; first: string }): boolean {
  const name = baseOf(module.path).replace(/\.py$/, '');
  return from.imports.some(({ as, names, module: source }) =>
    as.includes(first) && (first === name || names.includes(name) || localModule(facts.tree, from, source) === module.path));
} // prettier-ignore

/** `from .items import router as items_router`. */
function aliases(
  facts: ProjectFacts,
  from: PythonModule,
  { module, owner, variable }: { module: PythonModule; owner: string; variable: string },
): boolean {
  return from.imports.some(({ as, names, module: source }) => {
    const index = as.indexOf(variable);
    return index !== -1 && names[index] === owner && localModule(facts.tree, from, source) === module.path;
  });
}
