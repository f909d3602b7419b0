import type { RunInstruction } from '#dockerfile/instruction.ts';
import { ownOptions } from '#dockerfile/own-options.ts';
import type { LockedStep, Resolution } from '#ml/packages/build-lock.ts';
import { type ToolCall, toolCalls, toolCallsOfWords } from '#ml/packages/tool-calls.ts';
import type { Mount } from '#linux/mount.ts';
import { formatPlatform } from '#oci/platform.ts';
import type { StageRun } from '../build-run.ts';
import type { RunCommand } from '../steps/run-command.ts';
import type { Workspace } from '../workspace.ts';
import type { Step, StepInput } from '../steps/step.ts';
import { checkHeld, holdToLock, lockedStep, missingVersion } from './hold-to-lock.ts';
import {
  completeInstall,
  type ContinuedInstall,
  continuedMounts,
  continuedText,
  findFormerInstall,
  forgetChanges,
} from './continue-install.ts';
import { openPipReport } from './pip-report.ts';
import { splitLayers } from './split-layers.ts';
import { openStepCaches, variablesOf } from './step-caches.ts';
import { resolutionOf, withDigests } from './step-resolution.ts';

/** What is known of a RUN before it is looked up. */
export interface StepPackages {
  /** What its result depends on by that. */
  inputs: readonly StepInput[];
  /** Opens what it runs with. */
  open(running: RunningStep): Promise<OpenedPackages>;
  /** Told once the step is done or found, with its key. */
  done(key: string): void;
}

/** A step that is about to run. */
export interface RunningStep {
  env: readonly string[];
  /** Where the Dockerfile mounts something. */
  mounts: readonly string[];
  /** The step's tree, open. */
  tree: string;
  workspace: Workspace;
}

/** What a process is started with, where packages decide on it. */
export interface StartOptions {
  args: readonly string[];
  rootfs: readonly Mount[];
}

/** How a step runs. */
export interface OpenedPackages extends AsyncDisposable {
  env: readonly string[];
  mounts: readonly { source: string; destination: string; options: readonly string[] }[];
  /** Starts it, and starts it again if what it went on from does not lead where nothing would have led. */
  run<T extends { exitCode: number }>(start: (options: StartOptions) => Promise<T>): Promise<T>;
  /** To be called once it has run well and its mount points are gone. @throws {InvalidArgumentError} if it did not hold to build.lock */
  succeeded(trees: { upper: string; below: string }): Promise<void>;
  /** What to do about its failure, where that is known. */
  hintFor(tail: readonly string[]): string | undefined;
}

const INSTALLS =
  /^(install|i|add|sync|update|upgrade|dist-upgrade|full-upgrade|build-dep|create|env (create|update)|pip (install|sync)|tool install)$/;
const LOCKABLE = ['pip', 'pipenv', 'uv', 'poetry', 'pdm', 'conda', 'apt'];
/** Every RUN runs with a shell of these, unless SHELL or the exec form says otherwise. */
const POSIX_SHELL = /(^|\/)(sh|bash|dash|ash|zsh)$/;

/** What is known of a RUN, and what turns out as it runs. */
interface Planned {
  instruction: RunInstruction;
  command: RunCommand;
  calls: readonly ToolCall[];
  installs: boolean;
  locked: LockedStep | undefined;
  resolution: Resolution | undefined;
  continued: ContinuedInstall | undefined;
}

/** Finds out which package managers a RUN calls. @throws {InvalidArgumentError} if build.lock holds and does not know the step */
export function planStepPackages(run: StageRun, instruction: RunInstruction, command: RunCommand): StepPackages {
  const { build, state } = run;
  const { packages } = build.request;
  const calls = callsOf(instruction, command);
  const installs = calls.some(({ tool, verb }) => LOCKABLE.includes(tool) && INSTALLS.test(verb));
  const place = {
    stage: build.plan.program.stages[run.index]?.from.name ?? `${run.index}`,
    platform: formatPlatform(state.platform),
    command: commandText(instruction),
  };
  const locked = installs && packages.locked !== undefined ? lockedStep(packages.locked, place) : undefined;
  const planned: Planned = {
    instruction,
    command,
    calls,
    installs,
    locked,
    resolution: undefined,
    continued: undefined,
  };
  return {
    inputs: locked === undefined ? [] : [{ name: 'build.lock', value: locked }],
    open: (running) => openPackages(run, planned, running),
    done(key) {
      if (!installs) return;
      const { resolution, continued } = planned;
      if (resolution !== undefined) build.context.locks.put(key, resolution);
      if (resolution !== undefined && continued !== undefined)
        build.context.installs.put(continued.slot, { step: key, asked: continued.asked });
      build.installs.push({ key, ...place, position: [run.index, instruction.node.line] });
    },
  };
}

async function openPackages(
  ...[run, planned, running]: [run: StageRun, planned: Planned, running: RunningStep]
): Promise<OpenedPackages> {
  const { instruction, command, calls, installs, locked } = planned;
  const { workspace, mounts, tree } = running;
  const { files } = run.build;
  await using resources = new AsyncDisposableStack();
  const holding =
    locked === undefined
      ? { env: [], mounts: [] }
      : await holdToLock(locked, { scratch: files.scratch, tree, env: running.env });
  const plainEnv = [...running.env, ...holding.env];
  const text = textOf(instruction, command);
  const variables = variablesOf(plainEnv);
  const report = await openPipReport(installs ? calls : [], {
    scratch: files.scratch,
    tree,
    env: variables,
    text,
    mounts,
  });
  const env = [...plainEnv, ...report.env];
  const asked = { args: command.args, env, text, isShell: instruction.command.form === 'shell', mounts, tree };
  const opened = hasCaches(run) && calls.length > 0 ? await openStepCaches(run, asked, calls) : undefined;
  if (opened !== undefined) resources.use(opened);
  const caches = opened ?? { args: command.args, env, mounts: [], keep: async () => {} };
  const continued = splits(run) ? await findFormerInstall(run, { text, calls, env: variables, tree }) : undefined;
  planned.continued = continued;
  if (continued?.former !== undefined) resources.use(continued.former);
  const held = resources.move();
  return {
    env: caches.env,
    mounts: [...holding.mounts, ...report.mounts, ...caches.mounts],
    run: async (start) =>
      (await goOn(run, { workspace, continued, args: caches.args, start })) ??
      start({ args: caches.args, rootfs: workspace.mounts }),
    async succeeded(trees) {
      if (installs)
        planned.resolution = withDigests(resolutionOf(trees), [report.digests(), continued?.former?.digests]);
      if (locked !== undefined && planned.resolution !== undefined) checkHeld(locked, planned.resolution);
      await caches.keep();
    },
    hintFor: (tail) => (locked === undefined ? undefined : missingVersion(tail)),
    [Symbol.asyncDispose]: () => held.disposeAsync(),
  };
}

interface GoingOn<T> {
  workspace: Workspace;
  continued: ContinuedInstall | undefined;
  args: readonly string[];
  start: (options: StartOptions) => Promise<T>;
}

/** Goes on from the last install. @returns undefined if that cannot be, or came to nothing: then nothing of it is left */
async function goOn<T extends { exitCode: number }>(run: StageRun, going: GoingOn<T>): Promise<T | undefined> {
  const { workspace, continued, args, start } = going;
  const former = continued?.former;
  const rootfs = former === undefined ? undefined : continuedMounts(workspace, former);
  const text = args.at(-1) ?? '';
  const [call] = toolCalls(text);
  if (continued === undefined || former === undefined || rootfs === undefined || call === undefined) return undefined;
  const end = await start({ args: [...args.slice(0, -1), continuedText(text, call)], rootfs });
  const { installed } = continued;
  if (end.exitCode === 0 && (await completeInstall(run, { workspace, former, installed }))) return end;
  run.build.signal.throwIfAborted();
  run.vertex.note('what the step installed before is of no use here; it is done from nothing');
  await forgetChanges(workspace);
  return undefined;
}

function callsOf({ command: { form } }: RunInstruction, { args, script }: RunCommand): ToolCall[] {
  if (script !== undefined)
    return /^#!.*\b(ba|da|a|z)?sh\b/.test(script.text) ? toolCalls(script.text, { isFixed: true }) : [];
  if (form === 'exec') return toolCallsOfWords(args);
  return POSIX_SHELL.test(args[0] ?? '') ? toolCalls(args.at(-1) ?? '') : [];
}

/** What a shell reads; empty for a list of words. */
function textOf({ command: { form } }: RunInstruction, { args, script }: RunCommand): string {
  if (script !== undefined) return script.text;
  return form === 'exec' ? '' : (args.at(-1) ?? '');
}

/** What stands behind RUN and its options, with its heredocs. */
function commandText({ command, heredocs }: RunInstruction): string {
  const words = command.form === 'exec' ? JSON.stringify(command.args) : command.args.join(' ');
  return [words, ...heredocs.map(({ content }) => content)].join('\n').replace(/\s+/g, ' ').trim();
}

/** Whether distributions become layers of their own: asked for with the build, or by the Dockerfile. */
function splits({ build }: StageRun): boolean {
  return build.request.packages.split || ownOptions(build.plan.program.source).has('split-packages');
}

function hasCaches({ build }: StageRun): boolean {
  return build.request.packages.implicitCaches && !ownOptions(build.plan.program.source).has('no-implicit-cache');
}

/** Lets a step keep what it did as several layers, where that is asked for. */
export function splitting(run: StageRun, step: Step): Step {
  if (step.run === undefined || step.commit !== undefined || !splits(run)) return step;
  return {
    ...step,
    inputs: [...step.inputs, { name: 'packages', value: 'split' }],
    commit: (workspace) => splitLayers(run, workspace, { title: step.createdBy }),
  };
}
