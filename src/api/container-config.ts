import { type Parsed, parseFields, printFields } from './fields.ts';

/** Durations in nanoseconds; a test of one word `NONE` switches an inherited check off. */
const HEALTHCHECK = {
  test: ['Test', 'strings?'],
  interval: ['Interval', 'integer'],
  timeout: ['Timeout', 'integer'],
  startPeriod: ['StartPeriod', 'integer'],
  startInterval: ['StartInterval', 'integer'],
  retries: ['Retries', 'integer'],
} as const;

const CONFIG = {
  hostname: ['Hostname', 'string'],
  domainname: ['Domainname', 'string'],
  user: ['User', 'string'],
  attachStdin: ['AttachStdin', 'boolean'],
  attachStdout: ['AttachStdout', 'boolean'],
  attachStderr: ['AttachStderr', 'boolean'],
  exposedPorts: ['ExposedPorts', 'keys'],
  tty: ['Tty', 'boolean'],
  openStdin: ['OpenStdin', 'boolean'],
  stdinOnce: ['StdinOnce', 'boolean'],
  env: ['Env', 'strings'],
  cmd: ['Cmd', 'words?'],
  healthcheck: ['Healthcheck', { 'one?': HEALTHCHECK }],
  argsEscaped: ['ArgsEscaped', 'boolean?'],
  image: ['Image', 'string'],
  volumes: ['Volumes', 'keys'],
  workingDir: ['WorkingDir', 'string'],
  entrypoint: ['Entrypoint', 'words?'],
  networkDisabled: ['NetworkDisabled', 'boolean?'],
  macAddress: ['MacAddress', 'string'],
  onBuild: ['OnBuild', 'strings'],
  labels: ['Labels', 'map'],
  stopSignal: ['StopSignal', 'string'],
  stopTimeout: ['StopTimeout', 'integer?'],
  shell: ['Shell', 'strings?'],
} as const;

/** What a container is by itself: the part that a commit carries into an image (Engine API, ContainerConfig). */
export type ContainerConfig = Parsed<typeof CONFIG>;
export type Healthcheck = Parsed<typeof HEALTHCHECK>;

/** @throws {InvalidArgumentError} */
export function parseContainerConfig(body: unknown): ContainerConfig {
  return parseFields(CONFIG, body);
}

/** Left out when empty. */
const OPTIONAL = ['ExposedPorts', 'Healthcheck', 'ArgsEscaped', 'NetworkDisabled', 'MacAddress', 'StopSignal', 'StopTimeout', 'Shell']; // prettier-ignore

export function printContainerConfig(config: ContainerConfig): Record<string, unknown> {
  const wire = printFields(CONFIG, config);
  for (const name of OPTIONAL) if (wire[name] === null || wire[name] === '') delete wire[name];
  return wire;
}
