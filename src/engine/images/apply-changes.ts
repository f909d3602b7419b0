import { expand } from '#dockerfile/expand.ts';
import type { StageInstruction } from '#dockerfile/instruction.ts';
import { parseNode } from '#dockerfile/parse.ts';
import { readInstruction } from '#dockerfile/read-instruction.ts';
import { InvalidArgumentError } from '#lib/errors.ts';
import type { ContainerDefaults } from '#oci/image-config.ts';

/** The instructions that only change defaults, as import and commit take them. */
const ALLOWED = [
  'CMD',
  'ENTRYPOINT',
  'ENV',
  'EXPOSE',
  'HEALTHCHECK',
  'LABEL',
  'ONBUILD',
  'STOPSIGNAL',
  'USER',
  'VOLUME',
  'WORKDIR',
];

const SHELL = ['/bin/sh', '-c'];

/**
 * Defaults of containers after lines of a Dockerfile, as `import --change` and `commit --change` give them.
 * @throws {InvalidArgumentError} for an instruction that changes more, or a broken one
 */
export function applyChanges(config: ContainerDefaults, lines: readonly string[]): ContainerDefaults {
  let changed = config;
  for (const [index, line] of lines.flatMap((text) => text.split('\n')).entries()) {
    if (line.trim() === '') continue;
    const node = parseNode(line, '\\', { line: index + 1, endLine: index + 1 });
    if (!ALLOWED.includes(node.instruction))
      throw new InvalidArgumentError(`${node.instruction.toLowerCase()} is not a valid change command`, {
        hint: `the changes are ${ALLOWED.join(', ')}`,
      });
    changed = { ...changed, ...changeOf(readInstruction(node) as StageInstruction, changed) };
  }
  return changed;
}

function changeOf(instruction: StageInstruction, config: ContainerDefaults): ContainerDefaults {
  switch (instruction.kind) {
    case 'env':
      return {
        Env: instruction.pairs.reduce(
          (all, { name, value }) => withVariable(all, name, plain(value)),
          config.Env ?? [],
        ),
      };
    case 'label':
      return { Labels: { ...config.Labels, ...pairs(instruction.pairs) } };
    case 'cmd':
      return { Cmd: commandOf(instruction.command, config) };
    case 'entrypoint':
      return { Entrypoint: commandOf(instruction.command, config) };
    case 'expose':
      return { ExposedPorts: { ...config.ExposedPorts, ...keys(instruction.values.map(portOf)) } };
    case 'volume':
      return { Volumes: { ...config.Volumes, ...keys(instruction.values.map(plain)) } };
    case 'healthcheck':
      return { Healthcheck: healthcheckOf(instruction, config) };
    case 'user':
      return { User: plain(instruction.value) };
    case 'workdir':
      return { WorkingDir: plain(instruction.value) };
    case 'stopsignal':
      return { StopSignal: plain(instruction.value) };
    case 'onbuild':
      return { OnBuild: [...(config.OnBuild ?? []), instruction.value] };
    default:
      return {};
  }
}

/** Quotes are part of how it is written, not of the value. */
function plain(text: string): string {
  return expand(text, new Map(), { keepUnset: true }).word;
}

function pairs(list: readonly { name: string; value: string }[]): Record<string, string> {
  return Object.fromEntries(list.map(({ name, value }) => [plain(name), plain(value)]));
}

function withVariable(all: readonly string[], name: string, value: string): string[] {
  const line = `${name}=${value}`;
  const index = all.findIndex((entry) => entry.startsWith(`${name}=`));
  return index < 0 ? [...all, line] : all.with(index, line);
}

function keys(names: readonly string[]): Record<string, object> {
  return Object.fromEntries(names.map((name) => [name, {}]));
}

function portOf(text: string): string {
  const port = plain(text);
  if (!/^\d{1,5}(?:-\d{1,5})?(?:\/(?:tcp|udp|sctp))?$/.test(port))
    throw new InvalidArgumentError(`invalid containerPort: ${port}`);
  return port.includes('/') ? port : `${port}/tcp`;
}

function commandOf(
  { form, args }: { form: 'exec' | 'shell'; args: readonly string[] },
  { Shell }: ContainerDefaults,
): string[] {
  return form === 'exec' ? [...args] : [...(Shell ?? SHELL), args.join(' ')];
}

function healthcheckOf(
  check: Extract<StageInstruction, { kind: 'healthcheck' }>,
  config: ContainerDefaults,
): NonNullable<ContainerDefaults['Healthcheck']> {
  if (check.command === 'none') return { Test: ['NONE'] };
  const { form, args } = check.command;
  const times = {
    Interval: check.interval,
    Timeout: check.timeout,
    StartPeriod: check.startPeriod,
    StartInterval: check.startInterval,
    Retries: check.retries,
  };
  const given = Object.fromEntries(Object.entries(times).filter(([, value]) => value !== undefined));
  const test = form === 'exec' ? ['CMD', ...args] : ['CMD-SHELL', args.join(' ')];
  return { ...config.Healthcheck, Test: test, ...given };
}
