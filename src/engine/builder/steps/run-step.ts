import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { heredocText } from '#dockerfile/heredoc.ts';
import type { RunInstruction } from '#dockerfile/instruction.ts';
import { InvalidArgumentError } from '#lib/errors.ts';
import { isDiskFull } from '#lib/files/is-disk-full.ts';
import type { StageRun } from '../build-run.ts';
import { openRunMounts, type RunMounts } from './run-mounts.ts';
import { StepFailure } from './step-failure.ts';
import { DEFAULT_PATH, shellOf } from '../stages/stage-state.ts';
import { findMountPoints, removeMountPoints } from './stubs.ts';
import type { Step } from './step.ts';
import type { Workspace } from '../workspace.ts';
import { openView } from '../workspace.ts';

const TAIL_LINES = 20;
const SCRIPT_FOLDER = '/dev/pipes';

/** RUN: a process in the tree. */
export async function runStep(run: StageRun, instruction: RunInstruction): Promise<Step> {
  const { state } = run;
  if (instruction.security === 'insecure' || instruction.devices.length > 0)
    throw new InvalidArgumentError('RUN --security=insecure and RUN --device are not supported');
  const { args, script } = commandOf(run, instruction);
  if (args.length === 0) throw new InvalidArgumentError('RUN has no command');
  const declared = state.scope.args().map(([name, value]) => `${name}=${value}`);
  const prefix = declared.length === 0 ? '' : `|${declared.length} ${declared.join(' ')} `;
  const mounts = await openRunMounts(run, instruction.mounts);
  return {
    inputs: [
      { name: 'command', value: ['RUN', args, script ?? ''] },
      ...state.scope.args().map(([name, value]) => ({ name: `argument ${name}`, value })),
      ...mounts.inputs,
      { name: 'network', value: instruction.network },
      { name: 'user', value: state.config.User ?? '' },
    ],
    createdBy: `${prefix}${args.join(' ')}`,
    isProcess: true,
    resources: mounts,
    run: (workspace) => runIn(run, workspace, { instruction, args, script, declared, mounts }),
  };
}

/** The words that are run; a heredoc alone is the script itself. */
function commandOf({ state }: StageRun, { command, heredocs }: RunInstruction): { args: string[]; script?: string } {
  if (command.form === 'exec') return { args: command.args };
  const text = command.args[0] ?? '';
  if (text === '') return { args: [] };
  const [only, ...more] = heredocs;
  if (only === undefined) return { args: [...shellOf(state), text] };
  const content = heredocText(only);
  const isAlone = more.length === 0 && /^\d*<<-?\s*\S+$/.test(text);
  if (isAlone && content.startsWith('#!')) return { args: [`${SCRIPT_FOLDER}/${only.name}`], script: content };
  if (isAlone) return { args: [...shellOf(state), content] };
  const bodies = heredocs.map(({ content: body, name }) => `${body}${name}`).join('\n');
  return { args: [...shellOf(state), `${text}\n${bodies}`] };
}

interface Running {
  instruction: RunInstruction;
  args: string[];
  script: string | undefined;
  declared: readonly string[];
  mounts: RunMounts;
}

async function runIn(
  ...[run, workspace, running]: [run: StageRun, workspace: Workspace, running: Running]
): Promise<void> {
  const { build, state, vertex } = run;
  const { context, request, signal } = build;
  const { args, declared, mounts, instruction } = running;
  const destinations = mounts.list.map(({ destination }) => destination);
  await using script = await openScript(build.files.scratch, running);
  const points = findMountPoints(await workspace.open(), destinations);
  await workspace.close();
  const tail = createTail();
  const decoders = { stdout: new TextDecoder(), stderr: new TextDecoder() };
  const { exitCode, oomKilled } = await context.runOnce({
    ...request.limits,
    id: workspace.name,
    rootfs: workspace.mounts,
    args,
    env: environment(run, declared),
    cwd: state.config.WorkingDir ?? '/',
    user: state.config.User ?? '',
    networkMode: instruction.network === 'default' ? request.limits.networkMode : instruction.network,
    mounts: [...mounts.list, ...script.mounts],
    hostCa: request.hostCa,
    signal,
    onOutput(chunk, stream) {
      const text = decoders[stream].decode(chunk, { stream: true });
      tail.add(text);
      vertex.log(stream, chunk);
    },
  });
  if (exitCode !== 0) {
    const diskFull = await isDiskFull(workspace.upper);
    if (diskFull) vertex.note('no space is left on the disk of the data root');
    throw new StepFailure({ command: args.join(' '), exitCode, oomKilled, diskFull, tail: tail.lines() });
  }
  await using below = await openView(context, state.layers.at(-1));
  removeMountPoints({ upper: workspace.upper, below: below.path }, points);
}

/** ENV of the image, then build arguments, then a path for who has none. */
function environment({ state }: StageRun, declared: readonly string[]): string[] {
  const env = state.config.Env ?? [];
  const hidden = state.scope.hidden().map(([name, value]) => `${name}=${value}`);
  const path = env.some((entry) => entry.startsWith('PATH=')) ? [] : [`PATH=${DEFAULT_PATH}`];
  return [...path, ...env, ...declared, ...hidden];
}

async function openScript(
  scratch: string,
  { script, args }: Running,
): Promise<{ mounts: { source: string; destination: string; options: string[] }[] } & AsyncDisposable> {
  if (script === undefined) return { mounts: [], [Symbol.asyncDispose]: async () => {} };
  const folder = await mkdtemp(join(scratch, 'script-'));
  const source = join(folder, 'script');
  await writeFile(source, script, { mode: 0o755 });
  return {
    mounts: [{ source, destination: args[0] ?? '', options: ['ro'] }],
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }),
  };
}

/** The last lines of what a process wrote. */
function createTail(): { add(text: string): void; lines(): string[] } {
  let text = '';
  return {
    add(more) {
      text = `${text}${more}`.slice(-16_384);
    },
    lines: () => text.trimEnd().split('\n').slice(-TAIL_LINES),
  };
}
