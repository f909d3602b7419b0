import { FRAMEWORKS } from '../data/frameworks.ts';
import type { AppVariable, PythonModule } from '../python/module.ts';
import type { ProjectFacts } from './project.ts';
import { localModule, modulesByPath } from './reach.ts';

const MAX_STEPS = 4;

/** An application with the file that really makes it. */
export interface FoundVariable extends AppVariable {
  origin: string;
}

/** Applications that a server can take out of a file, the most direct first: made there, made by a function of another file, or imported from one. */
export function appVariables(facts: ProjectFacts, module: PythonModule, steps = 0): FoundVariable[] {
  const made = module.assigned.flatMap(({ variable, callee, line }): FoundVariable[] => {
    const maker = steps < MAX_STEPS ? factoryNamed(facts, module, { name: callee, steps }) : undefined;
    return maker === undefined ? [] : [{ variable, framework: maker.framework, line, factory: false, importable: true, origin: maker.origin }];
  });
  const own = [...module.apps.map((app) => ({ ...app, origin: module.path })), ...made];
  const imported = own.length === 0 && steps < MAX_STEPS ? importedApps(facts, module, steps) : [];
  return [...own, ...imported].toSorted((a, b) => order(a) - order(b));
} // prettier-ignore

/** What servers can take comes before factories, and those before what only starting the file makes. */
function order({ importable, factory, framework }: AppVariable): number {
  const precedence = FRAMEWORKS.findIndex(({ name }) => name === framework);
  return (importable ? 0 : 200) + (factory ? 100 : 0) + precedence;
}

function factoryNamed(
  facts: ProjectFacts,
  module: PythonModule,
  { name, steps }: { name: string; steps: number },
): FoundVariable | undefined {
  const own = module.apps.find(({ variable, factory }) => factory && variable === name);
  if (own !== undefined) return { ...own, origin: module.path };
  const [first = '', rest] = name.split('.', 2);
  for (const item of module.imports) {
    const index = item.as.indexOf(first);
    if (index === -1) continue;
    const origin = item.names[index];
    const path = localModule(facts.tree, module, rest === undefined || origin === undefined ? item.module : `${item.module}.${origin}`); // prettier-ignore
    const source = modulesByPath(facts.modules).get(path ?? '');
    const wanted = rest ?? origin;
    if (source === undefined || wanted === undefined) continue;
    return factoryNamed(facts, source, { name: wanted, steps: steps + 1 });
  }
  return undefined;
}

/** `from project import app`: as good as made here, where the file also starts it or is meant for servers. */
function importedApps(facts: ProjectFacts, module: PythonModule, steps: number): FoundVariable[] {
  const isEntry = module.binds.length > 0 || /(?:^|\/)(?:wsgi|asgi|passenger_wsgi)\.py$/.test(module.path);
  if (!isEntry) return [];
  return module.imports.flatMap((item) =>
    item.names.flatMap((name, index): FoundVariable[] => {
      const source = modulesByPath(facts.modules).get(localModule(facts.tree, module, item.module) ?? '');
      const as = item.as[index];
      if (source === undefined || source === module || as === undefined) return [];
      const found = appVariables(facts, source, steps + 1).find(({ variable, importable }) => variable === name && importable);
      return found === undefined ? [] : [{ ...found, variable: as, line: item.line, importable: !item.late }];
    }),
  );
} // prettier-ignore
