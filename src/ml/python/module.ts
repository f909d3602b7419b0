import type { Literal } from './literal.ts';

/** What one Python file says, read without running it. Lines count from 1. */
export interface PythonModule {
  readonly path: string;
  readonly imports: readonly PythonImport[];
  readonly apps: readonly AppVariable[];
  readonly routes: readonly PythonRoute[];
  readonly binds: readonly Bind[];
  readonly files: readonly FileUse[];
  readonly calls: ReadonlySet<string>;
  /** True with an `if __name__ == "__main__"`. */
  readonly isScript: boolean;
  readonly names: ReadonlyMap<string, Literal>;
  /** Oldest Python whose syntax the file uses, with the line that shows it. */
  readonly syntax: { version: string; line: number; what: string } | undefined;
  readonly docstring: string | undefined;
}

export interface PythonImport {
  /** Dotted; relative ones begin with dots. */
  module: string;
  names: readonly string[];
  line: number;
  /** Inside a `try`, so the program lives without it. */
  optional: boolean;
}

/** A web application object, or (`factory`) a function that returns one. */
export interface AppVariable {
  variable: string;
  framework: string;
  line: number;
  factory: boolean;
}

export interface PythonRoute {
  path: string;
  methods: readonly string[];
  line: number;
  /** Keys that the handler reads of the JSON it is sent. */
  keys: readonly string[];
}

/** A server that is started with a port or a host written out. */
export interface Bind {
  port: number | undefined;
  host: string | undefined;
  line: number;
  callee: string;
}

export interface FileUse {
  /** Relative to the working directory, or below the project's root where the code builds it from `__file__`. */
  path: string;
  mode: 'read' | 'write';
  line: number;
}
