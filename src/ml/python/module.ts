import type { Literal } from './literal.ts';

/** What one Python file says, read without running it. Lines count from 1. */
export interface PythonModule {
  readonly path: string;
  /** `imports`: only the lines that import were looked at, and all lists but that of imports are empty. */
  readonly read: 'whole' | 'imports';
  readonly imports: readonly PythonImport[];
  readonly apps: readonly AppVariable[];
  /** Top-level `variable = call()`, for applications that a function of another module makes. */
  readonly assigned: readonly AssignedCall[];
  readonly routes: readonly PythonRoute[];
  /** Prefixes that routers and blueprints give to their routes, by variable. */
  readonly routers: readonly RouterPrefix[];
  readonly binds: readonly Bind[];
  readonly files: readonly FileUse[];
  readonly calls: ReadonlySet<string>;
  /** True with an `if __name__ == "__main__"`. */
  readonly isScript: boolean;
  /** True if it is a script, or imports what servers are made of. */
  readonly startsSomething: boolean;
  /** True if importing it already does something: calls and loops at its top. */
  readonly acts: boolean;
  /** True if the `__main__` block prepares something (loads a model, opens a database) beside starting a server. */
  readonly preparesInMain: boolean;
  /** True if the command line is parsed as soon as the file is imported, so that no server can import it. */
  readonly parsesArguments: boolean;
  /** Ports and paths of routes by the names they have here; attributes with a dot before them. */
  readonly names: ReadonlyMap<string, Literal>;
  /** Oldest Python whose syntax the file uses, with the line that shows it. */
  readonly syntax: VersionHint | undefined;
  /** First Python that no longer has what the file uses (`distutils`, `imp`), with the line that shows it. */
  readonly removed: VersionHint | undefined;
  /** A line that only Python 2 understands. */
  readonly python2: { line: number; what: string } | undefined;
  readonly docstring: string | undefined;
  readonly functions: readonly FunctionFacts[];
  readonly classes: readonly ClassFacts[];
  readonly environment: readonly EnvironmentUse[];
  /** Models and corpora that are fetched by name when the program runs. */
  readonly downloads: readonly Download[];
  readonly devices: readonly DeviceUse[];
  /** Processes of data loaders, which need shared memory. */
  readonly workers: readonly { count: number | undefined; line: number }[];
  /** Options of the command line that argparse, click or typer read. */
  readonly options: readonly CommandOption[];
}

export interface VersionHint {
  version: string;
  line: number;
  what: string;
}

export interface PythonImport {
  /** Dotted; relative ones begin with dots. */
  module: string;
  names: readonly string[];
  /** What the names are called here, one for one; for a plain import what the module is called. */
  as: readonly string[];
  line: number;
  /** Inside a `try`, so the program lives without it. */
  optional: boolean;
  /** Inside a function: only needed once that runs. */
  late: boolean;
}

/** A web application object, or (`factory`) a function that returns one. */
export interface AppVariable {
  variable: string;
  framework: string;
  line: number;
  factory: boolean;
  /** False if it is made inside a function or in the `__main__` block, where no server can take it from. */
  importable: boolean;
}

export interface AssignedCall {
  variable: string;
  /** As written: `create_app`, `factory.make`. */
  callee: string;
  line: number;
}

export interface PythonRoute {
  path: string;
  methods: readonly string[];
  line: number;
  /** Object whose decorator it is: `app`, `router`. */
  owner: string;
  handler: string;
  /** Keys that the handler reads of the JSON it is sent. */
  keys: readonly string[];
  /** True if the handler asks a model and keeps nothing: sending it a request changes nothing. */
  asks: boolean;
  /** Parameters of the handler with their annotations as written. */
  parameters: readonly Parameter[];
}

export interface RouterPrefix {
  variable: string;
  /** Undefined where it is not known here; then `prefixName` is the last name of what is given, as in `settings.API_PREFIX`. */
  prefix: string | undefined;
  prefixName: string | undefined;
  line: number;
  /** Application or router that takes it in (`include_router`, `register_blueprint`); undefined where it is made. */
  into: string | undefined;
}

/** A server that is started, with its port and host where they are known. */
export interface Bind {
  port: number | undefined;
  host: string | undefined;
  line: number;
  callee: string;
  /** First argument as written or evaluated: `app`, `main:app`. */
  target: string | undefined;
  /** Where the port is not known here: the last name of what is given, as in `settings.port`. */
  portName: string | undefined;
  portFrom: ValueSource | undefined;
  hostFrom: ValueSource | undefined;
}

/** Where a value comes from that whoever starts the program can set: a variable of the environment, or an option such as `--port`. */
export type ValueSource = { variable: string; option?: undefined } | { option: string; variable?: undefined };

export interface FileUse {
  /** Relative to the working directory, or below the project's root where the code builds it from `__file__`. */
  path: string;
  mode: 'read' | 'write';
  line: number;
}

export interface Parameter {
  name: string;
  annotation: string | undefined;
  /** Undefined without a default; `{}` for one that is not known. */
  fallback: { value: Literal | undefined } | undefined;
}

/** A function at the top of the file, or a method. */
export interface FunctionFacts {
  name: string;
  line: number;
  parameters: readonly Parameter[];
  decorators: readonly string[];
  isAsync: boolean;
}

export interface ClassFacts {
  name: string;
  line: number;
  bases: readonly string[];
  decorators: readonly string[];
  methods: readonly FunctionFacts[];
  /** Annotated attributes: what pydantic and dataclasses take as fields. */
  fields: readonly Parameter[];
}

export interface EnvironmentUse {
  name: string;
  /** Without it the program ends with an error. */
  required: boolean;
  line: number;
}

export interface Download {
  /** `org/model`, `yolov8n.pt`, `punkt`. */
  name: string;
  hub: Hub;
  line: number;
  callee: string;
  /** Branch, tag or commit, where the code names one. */
  revision: string | undefined;
}

export type Hub =
  | 'huggingface'
  | 'torch'
  | 'torchvision'
  | 'ultralytics'
  | 'keras'
  | 'tensorflow-hub'
  | 'whisper'
  | 'nltk'
  | 'spacy';

export interface DeviceUse {
  /** `demanded`: fails without a GPU; `optional`: a GPU is used if there is one; `cpu`: the CPU is named. */
  kind: 'demanded' | 'optional' | 'cpu';
  line: number;
  /** As written, shortened. */
  text: string;
}

export interface CommandOption {
  /** `--port`; without dashes for a positional one. */
  name: string;
  fallback: Literal | undefined;
  required: boolean;
  line: number;
}
