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
  acts: boolean;
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
    workers: [], options: [], calls: new Set(), isScript: false, acts: false, preparesInMain: false, parsesArguments: false, syntax: undefined, raw: [],
    returned: new Map(),
  }; // prettier-ignore
}

/** What all files have of which only the imports were looked at. */
const NOTHING: Omit<PythonModule, 'path' | 'imports' | 'isScript' | 'startsSomething'> = (() => {
  const { raw: _raw, returned: _returned, imports: _imports, isScript: _isScript, ...empty } = createFound();
  return { ...empty, read: 'imports', apps: [], names: new Map(), docstring: undefined, removed: undefined, python2: undefined };
})(); // prettier-ignore

/** A file of which only the imports were looked at; they may be worked out when somebody asks for them. */
export function importsOnly(
  path: string,
  imports: PythonModule['imports'] | (() => PythonModule['imports']),
  { isScript, startsSomething }: Pick<PythonModule, 'isScript' | 'startsSomething'>,
): PythonModule {
  if (typeof imports !== 'function') return { ...NOTHING, path, imports, isScript, startsSomething };
  const module: LateModule = Object.assign(Object.create(LATE) as LateModule, { path, isScript, startsSomething, later: imports });
  return module;
} // prettier-ignore

/** A large project has ten thousand of these: what they have in common is their prototype's. */
type LateModule = { -readonly [Key in keyof PythonModule]: PythonModule[Key] } & {
  later: () => PythonModule['imports'];
};

const LATE: object = Object.defineProperty({ ...NOTHING }, 'imports', {
  get(this: LateModule) {
    const value = this.later();
    Object.defineProperty(this, 'imports', { value });
    return value;
  },
});
