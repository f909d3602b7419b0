import type { Scope } from './evaluate.ts';
import type { PythonModule } from './module.ts';
import type { Surroundings } from './surroundings.ts';

/** A call that makes a web application, before it is known which imports the file has. */
export interface RawApp {
  /** Where it is put; undefined if it is returned at once. */
  variable: string | undefined;
  /** Last name of what is called. */
  constructor: string;
  line: number;
  inside: string | undefined;
  inMain: boolean;
}

type Lists = 'imports' | 'assigned' | 'routes' | 'routers' | 'binds' | 'files' | 'functions' | 'classes' | 'environment' | 'downloads' | 'devices' | 'workers' | 'options'; // prettier-ignore

/** What was found so far. */
export type Found = { [List in Lists]: PythonModule[List][number][] } & {
  calls: Set<string>;
  isScript: boolean;
  preparesInMain: boolean;
  parsesArguments: boolean;
  syntax: PythonModule['syntax'];
  raw: RawApp[];
  /** Names that each function returns; `<call NAME>` for a call. */
  returned: Map<string, Set<string>>;
};

/** A piece of code is read with what is known of its file. */
export interface Scene {
  scope: Scope;
  found: Found;
  around: Surroundings;
}

export function createFound(): Found {
  return {
    imports: [], assigned: [], routes: [], routers: [], binds: [], files: [], functions: [], classes: [], environment: [], downloads: [], devices: [],
    workers: [], options: [], calls: new Set(), isScript: false, preparesInMain: false, parsesArguments: false, syntax: undefined, raw: [],
    returned: new Map(),
  }; // prettier-ignore
}

/** A file of which only the imports were looked at. */
export function importsOnly(path: string, imports: PythonModule['imports'], isScript: boolean): PythonModule {
  const { raw: _raw, returned: _returned, ...empty } = createFound();
  return {
    ...empty, path, read: 'imports', imports, isScript, apps: [], names: new Map(), docstring: undefined, removed: undefined, python2: undefined,
  }; // prettier-ignore
}
