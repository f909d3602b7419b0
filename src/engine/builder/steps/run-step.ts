import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { RunInstruction } from '#dockerfile/instruction.ts';
import type { RunOnceDevices, RunOnceMount } from '#engine/containers/run-once.ts';
import { openCdi } from '#engine/runtime/cdi/cdi.ts';
import { isDiskFull } from '#lib/files/is-disk-full.ts';
import type { StageRun } from '../build-run.ts';
import { DEFAULT_PATH, shellOf } from '../stages/stage-state.ts';
import { planStepPackages, type StartOptions, type StepPackages } from '../packages/step-packages.ts';
import { openView, type Workspace } from '../workspace.ts';
import { checkEntitlements } from './check-entitlements.ts';
import { checkCanRun, readHead } from './emulation.ts';
import { processText } from './history-text.ts';
import { type RunCommand, runCommand } from './run-command.ts';
import { parseRunDevice, type RunDevice } from './run-device.ts';
import { createRunOutput } from './run-output.ts';
import { planRunMounts, type RunMounts } from './run-mounts.ts';
import { startFailure, StepFailure } from './step-failure.ts';
import type { Step, StepInput } from './step.ts';
import { findMountPoints, removeMountPoints } from './stubs.ts';

/** As BuildKit calls it: what holds the host's name is the same wherever it is built. */
const HOSTNAME = 'buildkitsandbox';
const HOSTNAME_ARGUMENT = 'BUILDKIT_SANDBOX_HOSTNAME';

/** What a RUN is, once everything in it is replaced. */
interface Running {
  instruction: RunInstruction;
  command: RunCommand;
  devices: readonly RunDevice[];
  hostname: string;
  network: string;
  mounts: RunMounts;
  packages: StepPackages;
}

/** RUN: a process in the tree. @throws {PermissionDeniedError} for what the build does not allow; {InvalidArgumentError} */
export async function runStep(run: StageRun, instruction: RunInstruction): Promise<Step> {
  const { build, state } = run;
  const { request } = build;
  checkEntitlements(request, instruction);
  const command = runCommand(shellOf(state), instruction);
  const devices = instruction.devices.map((text) => parseRunDevice(state.scope.expand(text)));
  const hostname = request.limits.hostname ?? request.buildArgs.get(HOSTNAME_ARGUMENT) ?? HOSTNAME;
  const network = networkOf(run, instruction);
  const mounts = await planRunMounts(run, instruction.mounts);
  const packages = planStepPackages(run, instruction, command);
  const running = { instruction, command, devices, hostname, network, mounts, packages };
  const args = state.scope.args().map(([name, value]) => `${name}=${value}`);
  const text = [...(args.length === 0 ? [] : [`|${args.length}`]), ...args, ...command.args].join(' ');
  return {
    inputs: [...inputsOf(run, running), ...packages.inputs],
    ...mounts.late,
    createdBy: processText(run, { classic: text, buildkit: `RUN ${text}` }),
    isProcess: true,
    resources: mounts,
    done: (key) => packages.done(key),
    run: (workspace) => runIn(run, workspace, running),
  };
}

function networkOf({ build }: StageRun, { network }: RunInstruction): string {
  const { networkMode } = build.request.limits;
  if (network !== 'default') return network;
  return networkMode === '' || networkMode === 'default' ? 'bridge' : networkMode;
}

function inputsOf({ build, state }: StageRun, running: Running): StepInput[] {
  const { instruction, command, devices, hostname, network, mounts } = running;
  const { extraHosts } = build.request.limits;
  return [
    { name: 'command', value: ['RUN', command.args, command.script?.text ?? ''] },
    ...state.scope.args().map(([name, value]) => ({ name: `argument ${name}`, value })),
    ...mounts.inputs,
    { name: 'network', value: network },
    { name: 'user', value: state.config.User ?? '' },
    ...(hostname === HOSTNAME ? [] : [{ name: 'hostname', value: hostname }]),
    ...(extraHosts.length === 0 ? [] : [{ name: 'hosts', value: extraHosts }]),
    ...(instruction.security === 'sandbox' ? [] : [{ name: 'security', value: instruction.security }]),
    ...(devices.length === 0 ? [] : [{ name: 'devices', value: devices.map(({ name }) => name) }]),
  ];
}

async function runIn(
  ...[run, workspace, running]: [run: StageRun, workspace: Workspace, running: Running]
): Promise<void> {
  const { build, state, vertex } = run;
  const { context, request, signal } = build;
  const { instruction, command, hostname, network, mounts } = running;
  await using resources = new AsyncDisposableStack();
  const opened = resources.use(await mounts.open());
  const script = await openScript(build.files.scratch, command, resources);
  const devices = await devicesOf(run, running);
  const destinations = [...mounts.destinations, ...devices.destinations];
  const tree = await workspace.open();
  await checkCanRun(state.platform, { head: () => readHead(tree, command.args[0] ?? '') });
  const env = environment(run, [...opened.env, ...devices.env]);
  const packages = resources.use(await running.packages.open({ env, mounts: mounts.destinations, tree, workspace }));
  const points = findMountPoints(tree, [...destinations, ...packages.mounts.map(({ destination }) => destination)]);
  await workspace.close();
  const output = createRunOutput(vertex, opened.secrets);
  const start = async (how: StartOptions) => {
    workspace.renew();
    return context.runOnce({
      ...request.limits,
      id: workspace.name,
      ...how,
      env: packages.env,
      cwd: state.config.WorkingDir ?? '/',
      user: state.config.User ?? '',
      hostname,
      networkMode: network,
      mounts: [...opened.list, ...devices.mounts, ...script, ...packages.mounts],
      hostCa: request.hostCa,
      isInsecure: instruction.security === 'insecure',
      devices: devices.devices,
      privateFolder: opened.privateFolder,
      signal,
      onOutput: output.add,
    });
  };
  const { exitCode, oomKilled } = await packages.run(start).catch((error: unknown) => {
    throw startFailure(error, command.args) ?? error;
  });
  output.end();
  if (exitCode !== 0) {
    const diskFull = await isDiskFull(workspace.upper);
    if (diskFull) vertex.note('no space is left on the disk of the data root');
    const tail = output.tail();
    const advice = packages.hintFor(tail);
    throw new StepFailure({ command: command.args.join(' '), exitCode, oomKilled, diskFull, tail, advice });
  }
  await using below = await openView(context, state.layers.at(-1));
  const trees = { upper: workspace.upper, below: below.path };
  removeMountPoints(trees, points);
  await packages.succeeded(trees);
}

/** What stands later holds: the default path, ENV and ARG, proxies, what mounts and devices bring. */
function environment({ state }: StageRun, more: readonly string[]): string[] {
  const { scope } = state;
  const all = new Map([['PATH', DEFAULT_PATH], ...scope.variables(), ...scope.hidden()]);
  return [...[...all].map(([name, value]) => `${name}=${value}`), ...more];
}

/** A heredoc that is a program, as a file. */
async function openScript(
  ...[scratch, { script }, resources]: [scratch: string, command: RunCommand, resources: AsyncDisposableStack]
): Promise<RunOnceMount[]> {
  if (script === undefined) return [];
  const folder = await mkdtemp(join(scratch, 'script-'));
  resources.defer(() => rm(folder, { recursive: true, force: true }));
  const source = join(folder, 'script');
  await writeFile(source, script.text, { mode: 0o755 });
  return [{ source, destination: script.path, options: ['ro'] }];
}

interface Devices {
  env: readonly string[];
  mounts: readonly RunOnceMount[];
  destinations: readonly string[];
  devices: RunOnceDevices;
}

/** What the device descriptions of this host (CDI) say about those that the step names. */
async function devicesOf({ vertex }: StageRun, { devices }: Running): Promise<Devices> {
  const none = { nodes: [], rules: [], additionalGids: [], hooks: {} };
  if (devices.length === 0) return { env: [], mounts: [], destinations: [], devices: none };
  const cdi = await openCdi();
  const names = devices.flatMap(({ name, isRequired }) => {
    const found = cdi.find(name);
    if (found.length === 0 && isRequired) throw cdi.missing(name);
    if (found.length === 0) vertex.note(`device ${name} is not there; the step runs without it`);
    return found;
  });
  const { env, mounts, ...rest } = cdi.edits([...new Set(names)]);
  return { env, mounts, destinations: mounts.map(({ destination }) => destination), devices: rest };
}
