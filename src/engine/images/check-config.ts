import { parseFields } from '#api/fields.ts';
import { InvalidArgumentError } from '#lib/errors.ts';

const HEALTHCHECK = {
  test: ['Test', 'strings'],
  interval: ['Interval', 'integer'],
  timeout: ['Timeout', 'integer'],
  startPeriod: ['StartPeriod', 'integer'],
  startInterval: ['StartInterval', 'integer'],
  retries: ['Retries', 'integer'],
} as const;

const DEFAULTS = {
  user: ['User', 'string'],
  exposedPorts: ['ExposedPorts', 'keys'],
  env: ['Env', 'strings'],
  entrypoint: ['Entrypoint', 'strings'],
  command: ['Cmd', 'strings'],
  volumes: ['Volumes', 'keys'],
  workingDir: ['WorkingDir', 'string'],
  labels: ['Labels', 'map'],
  stopSignal: ['StopSignal', 'string'],
  healthcheck: ['Healthcheck', { 'one?': HEALTHCHECK }],
  onBuild: ['OnBuild', 'strings'],
  shell: ['Shell', 'strings'],
  argsEscaped: ['ArgsEscaped', 'boolean'],
} as const;

const HISTORY = {
  created: ['created', 'string'],
  author: ['author', 'string'],
  createdBy: ['created_by', 'string'],
  comment: ['comment', 'string'],
  emptyLayer: ['empty_layer', 'boolean'],
} as const;

/** The parts of an image config that the engine reads (OCI image-spec, config.md#properties). */
const CONFIG = {
  created: ['created', 'string'],
  author: ['author', 'string'],
  architecture: ['architecture', 'string'],
  os: ['os', 'string'],
  osVersion: ['os.version', 'string'],
  variant: ['variant', 'string'],
  config: ['config', { 'one?': DEFAULTS }],
  history: ['history', { list: HISTORY }],
} as const;

/** @throws {InvalidArgumentError} if a field holds something else than the specification says; absent and null are fine */
export function checkConfig(value: unknown): void {
  try {
    parseFields(CONFIG, value);
  } catch (error) {
    throw new InvalidArgumentError((error as Error).message.replace('invalid JSON', 'image config is broken'), {
      cause: error,
    });
  }
}
