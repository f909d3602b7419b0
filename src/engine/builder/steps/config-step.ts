import { cleanPath } from '#dockerfile/clean-path.ts';
import type {
  ArgInstruction,
  CommandInstruction,
  HealthcheckInstruction,
  ListInstruction,
  PairsInstruction,
  TextInstruction,
} from '#dockerfile/instruction.ts';
import { formatGoDuration } from '#dockerfile/go-duration.ts';
import { InvalidArgumentError } from '#lib/errors.ts';
import type { Healthcheck } from '#oci/image-config.ts';
import type { StageRun } from '../build-run.ts';
import { parseExposed } from '#dockerfile/exposed-ports.ts';
import { parseStopSignal } from '#dockerfile/stop-signal.ts';
import { setVariable, shellOf } from '../stages/stage-state.ts';
import { configText } from './history-text.ts';
import type { Step } from './step.ts';

/** A step without a layer: `text` is the instruction as the history has it, where both kinds of builds word it alike. */
function configStep(run: StageRun, text: string, buildkit: string = text): Step {
  return {
    inputs: [{ name: 'instruction', value: text }],
    createdBy: configText(run, { classic: ` ${text}`, buildkit }),
  };
}

/** By name, as BuildKit writes them: the same settings in another order give the same image. */
function sorted<T>(values: Readonly<Record<string, T>>): Record<string, T> {
  return Object.fromEntries(Object.entries(values).toSorted(([a], [b]) => (a < b ? -1 : 1)));
}

export function pairsStep(run: StageRun, { kind, pairs }: PairsInstruction): Step {
  const { state } = run;
  const { config, scope } = state;
  const expanded = pairs.map(({ name, value }): [string, string] => [scope.expand(name), scope.expand(value)]);
  for (const [name, value] of expanded) {
    if (name === '') throw new InvalidArgumentError(`${kind.toUpperCase()} names can not be blank`);
    if (kind === 'label') config.Labels = sorted({ ...config.Labels, [name]: value });
    else {
      config.Env = setVariable(config.Env ?? [], name, value);
      scope.setEnv(name, value);
    }
  }
  return configStep(run, `${kind.toUpperCase()} ${expanded.map(([name, value]) => `${name}=${value}`).join(' ')}`);
}

/** Labels that were asked for with the build, not in the file: their values are meant as they are. */
export function labelsStep(run: StageRun, labels: ReadonlyMap<string, string>): Step {
  const { config } = run.state;
  config.Labels = sorted({ ...config.Labels, ...Object.fromEntries(labels) });
  const step = configStep(run, `LABEL ${[...labels].map(([name, value]) => `${name}=${value}`).join(' ')}`);
  return { ...step, isUntold: run.build.request.history !== 'classic' };
}

export function commandStep(run: StageRun, { kind, command }: CommandInstruction): Step {
  const { state } = run;
  const { config } = state;
  const words =
    command.form === 'exec' || command.args.length === 0 ? command.args : [...shellOf(state), ...command.args];
  const text = `${kind === 'cmd' ? 'CMD' : 'ENTRYPOINT'} [${words.map((word) => JSON.stringify(word)).join(' ')}]`;
  if (kind === 'cmd') {
    config.Cmd = words.length === 0 ? null : words;
    if (run.build.request.history !== 'classic') config.ArgsEscaped = true;
    state.hasOwnCmd = true;
  } else {
    config.Entrypoint = words.length === 0 ? null : words;
    if (!state.hasOwnCmd) config.Cmd = null;
  }
  return configStep(run, text);
}

export function healthcheckStep(run: StageRun, instruction: HealthcheckInstruction): Step {
  const check = healthcheckOf(instruction);
  const { config } = run.state;
  const former = config.Healthcheck?.Test;
  if (former !== undefined && former.length > 0)
    run.vertex.note(`Note: overriding previous HEALTHCHECK: [${former.join(' ')}]`);
  config.Healthcheck = check;
  return configStep(run, `HEALTHCHECK ${classicHealthcheck(check)}`, `HEALTHCHECK ${goHealthcheck(check)}`);
}

function timesOf({ Interval, Timeout, StartPeriod, StartInterval }: Healthcheck): string[] {
  return [Interval, Timeout, StartPeriod, StartInterval].map((time) => formatGoDuration(time ?? 0));
}

/** As Docker's history has it: test, interval, timeout, start period, start interval, retries. */
function classicHealthcheck(check: Healthcheck): string {
  return `&{[${(check.Test ?? []).join(' ')}] ${timesOf(check).join(' ')} ${check.Retries ?? 0}}`;
}

/** As BuildKit's has it: the number of retries is written as the character of that number. */
function goHealthcheck(check: Healthcheck): string {
  const test = `[${(check.Test ?? []).map((word) => JSON.stringify(word)).join(' ')}]`;
  const times = timesOf(check).map((time) => JSON.stringify(time));
  return `&{${[test, ...times].join(' ')} ${goCharacter(check.Retries ?? 0)}}`;
}

const ESCAPES: Readonly<Record<number, string>> = {
  7: '\\a', 8: '\\b', 9: '\\t', 10: '\\n', 11: '\\v', 12: '\\f', 13: '\\r', 39: "\\'", 92: '\\\\',
}; // prettier-ignore

function goCharacter(code: number): string {
  const isPlain = code >= 0x20 && code !== 0x7f && code <= 0x10ffff;
  const plain = isPlain ? String.fromCodePoint(code) : `\\x${code.toString(16).padStart(2, '0')}`;
  return `'${ESCAPES[code] ?? plain}'`;
}

function healthcheckOf({
  command,
  interval,
  timeout,
  startPeriod,
  startInterval,
  retries,
}: HealthcheckInstruction): Healthcheck {
  if (command === 'none') return { Test: ['NONE'] };
  return {
    Test: command.form === 'exec' ? ['CMD', ...command.args] : ['CMD-SHELL', ...command.args],
    ...(interval !== undefined && { Interval: interval }),
    ...(timeout !== undefined && { Timeout: timeout }),
    ...(startPeriod !== undefined && { StartPeriod: startPeriod }),
    ...(startInterval !== undefined && { StartInterval: startInterval }),
    ...(retries !== undefined && { Retries: retries }),
  };
}

export function listStep(run: StageRun, { kind, values }: ListInstruction): Step {
  const { config, scope } = run.state;
  if (kind === 'shell') {
    config.Shell = values;
    return configStep(run, `SHELL [${values.join(' ')}]`);
  }
  if (kind === 'expose') {
    const words = values.flatMap((value) => scope.expandWords(value));
    const ports = words.flatMap((word) => parseExposed(word));
    config.ExposedPorts = sorted({ ...config.ExposedPorts, ...Object.fromEntries(ports.map((port) => [port, {}])) });
    return configStep(run, `EXPOSE ${words.toSorted().join(' ')}`, `EXPOSE [${ports.join(' ')}]`);
  }
  const paths = values.map((value) => scope.expand(value));
  if (paths.some((path) => path.trim() === ''))
    throw new InvalidArgumentError('VOLUME specified can not be an empty string');
  config.Volumes = sorted({ ...config.Volumes, ...Object.fromEntries(paths.map((path) => [path, {}])) });
  return configStep(run, `VOLUME [${paths.join(' ')}]`);
}

/** All but WORKDIR, which makes a folder. */
export function textStep(run: StageRun, { kind, value }: TextInstruction): Step {
  const { state } = run;
  const { config, scope } = state;
  if (kind === 'onbuild') {
    config.OnBuild = [...(config.OnBuild ?? []), value];
    return { ...configStep(run, `ONBUILD ${value}`), isUntold: run.build.request.history !== 'classic' };
  }
  if (kind === 'maintainer') {
    state.author = value;
    return configStep(run, `MAINTAINER ${value}`);
  }
  const expanded = scope.expand(value);
  if (kind === 'user') config.User = expanded;
  else config.StopSignal = parseStopSignal(expanded);
  return configStep(run, `${kind.toUpperCase()} ${expanded}`);
}

/** The folder that WORKDIR names, in the one before it. */
export function resolveWorkdir(before: string | undefined, path: string): string {
  return cleanPath(path.startsWith('/') ? path : `${before === undefined || before === '' ? '' : before}/${path}`);
}

/** ARG: BuildKit's history has the values that hold, Docker's what is written. */
export function argStep(run: StageRun, instruction: ArgInstruction): Step {
  const values = run.state.scope.declare(instruction);
  const text = `ARG ${instruction.args.map(argText).join(' ')}`;
  return configStep(run, text, `ARG ${values.map(argText).join(' ')}`);
}

function argText({ name, value }: { name: string; value: string | undefined }): string {
  return value === undefined ? name : `${name}=${value}`;
}
