import type { RunInstruction } from '#dockerfile/instruction.ts';
import { ownOptions } from '#dockerfile/own-options.ts';
import type { Resolution } from '#ml/packages/build-lock.ts';
import { type ToolCall, toolCalls, toolCallsOfWords } from '#ml/packages/tool-calls.ts';
import { formatPlatform } from '#oci/platform.ts';
import type { StageRun } from '../build-run.ts';
import type { RunCommand } from '../steps/run-command.ts';
import type { Step, StepInput } from '../steps/step.ts';
import { checkHeld, holdToLock, lockedStep, missingVersion } from './hold-to-lock.ts';
import { splitLayers } from './split-layers.ts';
import { openStepCaches } from './step-caches.ts';
import { resolutionOf } from './step-resolution.ts';

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
}

/** How a step runs. */
export interface OpenedPackages extends AsyncDisposable {
  args: readonly string[];
  env: readonly string[];
  mounts: readonly { source: string; destination: string; options: readonly string[] }[];
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
  let resolution: Resolution | undefined;
  return {
    inputs: locked === undefined ? [] : [{ name: 'build.lock', value: locked }],
    async open({ env, mounts, tree }) {
      await using resources = new AsyncDisposableStack();
      const { scratch } = build.files;
      const holding = locked === undefined ? { env: [], mounts: [] } : await holdToLock(locked, { scratch, tree, env });
      const plain = { args: command.args, env: [...env, ...holding.env], mounts: [], keep: async () => {} };
      const asked = {
        ...plain,
        text: textOf(instruction, command),
        isShell: instruction.command.form === 'shell',
        mounts,
        tree,
      };
      const mayCache = packages.implicitCaches && !ownOptions(build.plan.program.source).has('no-implicit-cache');
      const opened = mayCache && calls.length > 0 ? await openStepCaches(run, asked, calls) : undefined;
      if (opened !== undefined) resources.use(opened);
      const caches = opened ?? plain;
      const held = resources.move();
      return {
        args: caches.args,
        env: caches.env,
        mounts: [...holding.mounts, ...caches.mounts],
        async succeeded(trees) {
          if (installs) resolution = resolutionOf(trees);
          if (locked !== undefined && resolution !== undefined) checkHeld(locked, resolution);
          await caches.keep();
        },
        hintFor: (tail) => (locked === undefined ? undefined : missingVersion(tail)),
        [Symbol.asyncDispose]: () => held.disposeAsync(),
      };
    },
    done(key) {
      if (!installs) return;
      if (resolution !== undefined) build.context.locks.put(key, resolution);
      build.installs.push({ key, ...place, position: [run.index, instruction.node.line] });
    },
  };
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

/** Lets a step keep what it did as several layers, where that is asked for. */
export function splitting(run: StageRun, step: Step): Step {
  if (step.run === undefined || step.commit !== undefined || !splits(run)) return step;
  return {
    ...step,
    inputs: [...step.inputs, { name: 'packages', value: 'split' }],
    commit: (workspace) => splitLayers(run, workspace, { title: step.createdBy }),
  };
}
