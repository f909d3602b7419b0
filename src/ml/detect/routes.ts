import { baseOf } from '../files.ts';
import type { PythonModule, PythonRoute, RouterPrefix } from '../python/module.ts';
import type { AppFacts } from './app.ts';
import type { ProjectFacts } from './project.ts';
import { localModule, reachable } from './reach.ts';

/** A route with the whole path that clients ask for. */
export interface RouteFacts extends PythonRoute {
  module: PythonModule;
}

interface Reach {
  facts: ProjectFacts;
  modules: readonly PythonModule[];
}

const MAX_DEPTH = 6;

/** The routes of an app, those of its routers and blueprints with their prefixes; routes whose prefix is not known are left out. */
export function routesOf(facts: ProjectFacts, { module: entry }: Pick<AppFacts, 'module'>): RouteFacts[] {
  const reach = { facts, modules: reachable(facts, entry) };
  return reach.modules.flatMap((module) =>
    module.routes.flatMap((route) => {
      const prefix = prefixAt(reach, { module, variable: route.owner }, 0);
      if (prefix === undefined) return [];
      return [{ ...route, module, path: `${prefix}${route.path}`.replace(/\/{2,}/g, '/') || '/' }];
    }),
  );
}

interface Owner {
  module: PythonModule;
  variable: string;
}

/** What stands before the routes of an application (nothing) or a router; undefined if that is not known. */
function prefixAt(reach: Reach, owner: Owner, depth: number): string | undefined {
  const made = owner.module.routers.find(({ variable, into }) => into === undefined && variable === owner.variable);
  if (made === undefined) return '';
  const own = valueOf(reach, made);
  const taken = takenIn(reach, owner);
  if (own === undefined || taken === undefined || depth > MAX_DEPTH) return undefined;
  const given = valueOf(reach, taken.router);
  const above = prefixAt(reach, { module: taken.module, variable: taken.router.into ?? '' }, depth + 1);
  return given === undefined || above === undefined ? undefined : `${above}${given}${own}`;
}

/** A prefix, also one that another file of the program names. */
function valueOf({ modules }: Reach, { prefix, prefixName }: RouterPrefix): string | undefined {
  if (prefix !== undefined || prefixName === undefined) return prefix;
  for (const { names } of modules) {
    const value = names.get(`.${prefixName}`) ?? names.get(prefixName);
    if (typeof value === 'string') return value;
  }
  return undefined;
}

/** Where an application or another router takes a router in. */
function takenIn({ facts, modules }: Reach, owner: Owner): { module: PythonModule; router: RouterPrefix } | undefined {
  for (const module of modules) {
    const router = module.routers.find((item) => item.into !== undefined && isMeant(facts, { module, name: item.variable }, owner));
    if (router !== undefined) return { module, router };
  }
  return undefined;
} // prettier-ignore

/** Whether a name in one file is a router of another: `router`, `items.router`, `items_router`. */
function isMeant(facts: ProjectFacts, { module, name }: { module: PythonModule; name: string }, owner: Owner): boolean {
  if (module === owner.module) return name === owner.variable;
  const [first = '', ...rest] = name.split('.');
  const file = baseOf(owner.module.path).replace(/\.py$/, '');
  return module.imports.some(({ as, names, module: source }) => {
    const index = as.indexOf(first);
    if (index === -1) return false;
    const isFile = localModule(facts.tree, module, source) === owner.module.path;
    if (rest.length === 0) return isFile && names[index] === owner.variable;
    const isThere = isFile || names[index] === file || first === file || source.split('.').at(-1) === file;
    return isThere && rest.at(-1) === owner.variable;
  });
}
