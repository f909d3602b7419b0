import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  attachContainer,
  containerStats,
  createContainer,
  inspectContainer,
  listContainers,
  removeContainer,
  startContainer,
  stopContainer,
  waitContainer,
} from '#client/containers.ts';
import { inspectImage } from '#client/images.ts';
import { readOutput } from '#client/output-streams.ts';
import type { Client } from '#client/transport.ts';
import { CancelledError, InternalError, InvalidArgumentError } from '#lib/errors.ts';
import { type Explanation, explain } from '#ml/explain/explain.ts';
import { LABELS } from './labels.ts';
import { type DiskFile, openTree } from './open-tree.ts';
import { openProject, type Project } from './project.ts';
import { keptWords } from './runs/parameters.ts';
import { recordRun, type RunRecorder } from './runs/record-run.ts';
import { buildProject, type BuildOptions, type Collaborators } from './run-build.ts';

export interface TrainOptions extends BuildOptions {
  /** Program to run instead of the one that the plan found; relative to the folder. */
  script?: string | undefined;
  /** Arguments for it. */
  args?: readonly string[] | undefined;
  memoryBytes?: number | undefined;
  /** Variables for the program, as `NAME=VALUE`; they are in no record. */
  environment?: readonly string[] | undefined;
}

/** What a training run came to. */
export interface TrainResult {
  script: string;
  exitCode: number;
  seconds: number;
  /** Highest use of memory that was seen; undefined where the engine does not tell. */
  peakMemoryBytes: number | undefined;
  oomKilled: boolean;
  /** Files of the folder that are new or changed, with their bytes. */
  written: readonly { path: string; bytes: number }[];
  /** Id of its record; undefined where none could be made. */
  run?: string | undefined;
  explanation: Explanation | undefined;
}

/** Time that a training has to end after it was asked to. */
const STOP_SECONDS = 30;
const LOG_CHARACTERS = 64 * 1024;
/** Where the folder is mounted when the image's own working directory cannot be hidden. */
const OTHER_FOLDER = '/project';

/**
 * Runs a project's training in a container of its image. The folder is mounted, so what training writes is there afterwards and
 * belongs to whoever called.
 * @throws {InvalidArgumentError} if the project has no training; {CancelledError} if `signal` aborts
 */
export async function trainProject(
  tools: Collaborators,
  project: Project,
  options: TrainOptions = {},
): Promise<TrainResult> {
  const script = options.script ?? project.plan.training?.script;
  if (script === undefined)
    throw new InvalidArgumentError(`${project.name} has nothing to train`, {
      why: 'no program was found whose name says so (train.py) or that fits a model and writes a file',
      hint: 'name it: berth train DIR --script FILE',
    });
  const image = await imageForTraining(tools, project, options);
  const { files } = await openTree(project.directory);
  const before = new Map(files.map((file) => [file.path, stampOf(file)]));
  const written = async (): Promise<TrainResult['written']> =>
    (await openTree(project.directory)).files
      .filter((file) => before.get(file.path) !== stampOf(file))
      .map(({ path, bytes }) => ({ path, bytes }));
  const args = options.args ?? [];
  const recorder = await recorderFor(tools, { project, image, script, args, files });
  tools.report.say(`training: python ${[script, ...args].join(' ')}`);
  const hear = (bytes: Uint8Array): void => recorder?.hear(bytes);
  const ran = await runTraining(tools, project, { ...options, script, image, hear }).catch(async (error: unknown) => {
    const status = error instanceof CancelledError ? 'stopped' : 'failed';
    const cause = error instanceof Error && status === 'failed' ? error.message : null;
    await recorder?.end({ ...UNKNOWN_END, status, cause, outputs: await written() }).catch(() => {});
    throw error;
  });
  const result = { ...ran, script, written: await written(), run: recorder?.id };
  await keep(tools, recorder, result);
  return result;
}

const UNKNOWN_END = { exitCode: null, seconds: null, peakMemoryBytes: null } as const;

/** A training goes on where it cannot be recorded. */
async function recorderFor(
  { client, report }: Collaborators,
  { project, image, script, args, files }: { project: Project; image: string; script: string; args: readonly string[]; files: readonly DiskFile[] },
): Promise<RunRecorder | undefined> {
  const { directory, name } = project;
  try {
    const { Id } = await inspectImage(client, image);
    return await recordRun(client, { project: name, directory, image: Id, command: ['python', script, ...keptWords(args)], args, files });
  } catch (error) {
    report.warn(`this training is not recorded: ${error instanceof Error ? error.message : String(error)}`);
    return undefined;
  }
} // prettier-ignore

async function keep({ report }: Collaborators, recorder: RunRecorder | undefined, result: TrainResult): Promise<void> {
  const { exitCode, seconds, peakMemoryBytes = null, written, explanation } = result;
  try {
    await recorder?.end({ status: exitCode === 0 ? 'succeeded' : 'failed', exitCode, seconds, peakMemoryBytes, outputs: written, cause: explanation?.cause ?? null }); // prettier-ignore
  } catch (error) {
    report.warn(
      `what became of this training is not recorded: ${error instanceof Error ? error.message : String(error)}`,
    );
  }
}

/** An own Dockerfile may copy the very file that training will write: then the image comes from the plan. */
async function imageForTraining(tools: Collaborators, project: Project, options: TrainOptions): Promise<string> {
  tools.report.say(`building the image of ${project.name}${project.dockerfile.isOwn ? ' from its Dockerfile' : ''}`);
  const { isOwn, copies } = project.dockerfile;
  const absent = copies.find((path) => project.plan.missing.some((item) => item.path === path));
  if (!isOwn || absent === undefined) return buildProject(tools, project, options);
  tools.report.warn(
    `the Dockerfile copies ${absent}, which training will write: training runs in an image made from the plan`,
  );
  return buildProject(
    tools,
    await openProject(project.directory, { ...project.options, ignoreDockerfile: true }),
    options,
  );
}

/** Size and time of a file, to see what changed. */
function stampOf({ bytes, modifiedMs }: DiskFile): string {
  return `${bytes} ${modifiedMs}`;
}

type Ran = Pick<TrainResult, 'exitCode' | 'seconds' | 'peakMemoryBytes' | 'oomKilled' | 'explanation'>;

async function runTraining(
  { client, report }: Collaborators,
  project: Project,
  options: TrainOptions & { script: string; image: string; hear(bytes: Uint8Array): void },
): Promise<Ran> {
  await removeFormer(client, project);
  const { Id: id } = await createContainer(client, await containerBody(client, project, options), { hostCa: true });
  await using cleanup = new AsyncDisposableStack();
  cleanup.defer(async () => removeContainer(client, id, { force: true, volumes: true }).catch(() => {}));
  const { socket } = await attachContainer(client, id, { stream: true, stdout: true, stderr: true });
  cleanup.defer(() => void socket.destroy());
  const { exit } = await waitContainer(client, id, { condition: 'next-exit' });
  // The program gets time to write its checkpoint.
  const onAbort = (): void => void stopContainer(client, id, { timeout: STOP_SECONDS }).catch(() => {});
  options.signal?.addEventListener('abort', onAbort);
  cleanup.defer(() => options.signal?.removeEventListener('abort', onAbort));
  const start = performance.now();
  await startContainer(client, id);
  const memory = watchMemory(client, id);
  let log = '';
  const output = (async () => {
    for await (const { stream, bytes } of readOutput(socket, { terminal: false })) {
      report.output(bytes, stream);
      options.hear(bytes);
      log = (log + Buffer.from(bytes).toString('utf8')).slice(-LOG_CHARACTERS);
    }
  })();
  const { StatusCode: exitCode } = await exit;
  const seconds = (performance.now() - start) / 1000;
  await Promise.race([output, once(AbortSignal.timeout(2000), 'abort')]);
  if (options.signal?.aborted === true) throw new CancelledError('the training was stopped');
  const details = await inspectContainer(client, id);
  const peakMemoryBytes = await memory.stop();
  const oomKilled = details.State.OOMKilled === true;
  const explanation =
    exitCode === 0 ? undefined : explain(log, { exitCode, oomKilled, manifest: project.plan.manifest?.path });
  return { exitCode, seconds, peakMemoryBytes, oomKilled, explanation };
}

/** Containers of trainings whose command was killed before it could tidy up. */
async function removeFormer(client: Client, { directory }: Project): Promise<void> {
  const label = [`${LABELS.directory}=${directory}`, `${LABELS.purpose}=train`];
  const filters = { label, status: ['exited', 'created', 'dead'] };
  for (const { Id } of await listContainers(client, { all: true, filters }))
    await removeContainer(client, Id, { force: true, volumes: true }).catch(() => {});
}

async function containerBody(
  client: Client,
  { directory, name, owner, plan }: Project,
  { image, script, args = [], memoryBytes, environment = [] }: TrainOptions & { image: string; script: string },
): Promise<object> {
  const { Config } = await inspectImage(client, image);
  const folder = mountFolder(Config?.WorkingDir ?? '', Config?.Env ?? []);
  const planned = plan.training?.script === script ? plan.training : undefined;
  return {
    Image: image,
    Entrypoint: ['python'],
    Cmd: [...(planned?.command.slice(1) ?? [script]), ...args],
    WorkingDir: planned?.directory === undefined ? folder : `${folder}/${planned.directory}`,
    User: `${owner.uid}:${owner.gid}`,
    Env: [
      'PYTHONUNBUFFERED=1',
      'PYTHONDONTWRITEBYTECODE=1',
      ...(owner.uid === 0 ? [] : ['HOME=/tmp', 'USER=berth', 'LOGNAME=berth']),
      ...environment,
    ],
    Labels: { [LABELS.project]: name, [LABELS.directory]: directory, [LABELS.purpose]: 'train' },
    HostConfig: {
      Mounts: [{ Type: 'bind', Source: directory, Target: folder }],
      ...(memoryBytes !== undefined && { Memory: memoryBytes }),
    },
  };
}

/** The image's own working directory, unless its programs (a virtual environment) lie there and would be hidden. */
function mountFolder(workingFolder: string, environment: readonly string[]): string {
  if (workingFolder === '' || workingFolder === '/') return OTHER_FOLDER;
  const path = environment.find((pair) => pair.startsWith('PATH='))?.slice('PATH='.length) ?? '';
  return path.split(':').some((folder) => folder.startsWith(`${workingFolder}/`)) ? OTHER_FOLDER : workingFolder;
}

interface MemoryWatch {
  stop(): Promise<number | undefined>;
}

const SAMPLE_EVERY_MS = 150;

/** Follows the container's use of memory; where the kernel keeps the peak, the last sample says it. */
function watchMemory(client: Client, id: string): MemoryWatch {
  const controller = new AbortController();
  const { signal } = controller;
  let peak: number | undefined;
  const watching = (async () => {
    while (!signal.aborted) {
      for await (const { memory_stats: memory } of containerStats(client, id, { oneShot: true, signal })) {
        const seen = Math.max(memory?.max_usage ?? 0, memory?.usage ?? 0);
        if (seen > 0) peak = Math.max(peak ?? 0, seen);
      }
      await sleep(SAMPLE_EVERY_MS, undefined, { signal });
    }
  })().catch(() => {});
  return {
    async stop() {
      controller.abort();
      await watching;
      return peak;
    },
  };
}

/** Trains and complains when the program failed. @throws {InternalError} with what its last words mean */
export async function trainOrFail(
  tools: Collaborators,
  project: Project,
  options: TrainOptions = {},
): Promise<TrainResult> {
  const result = await trainProject(tools, project, options);
  if (result.exitCode === 0) return result;
  throw new InternalError(`the training of ${project.name} failed with exit code ${result.exitCode}`, {
    why: result.explanation?.cause ?? 'its own words are above',
    hint: result.explanation?.fix ?? `mend ${result.script} and try again`,
  });
}
