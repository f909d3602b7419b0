import { randomBytes } from 'node:crypto';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { ConflictError, InvalidArgumentError, NotFoundError } from '#lib/errors.ts';
import { createSpec } from '#engine/runtime/spec.ts';
import { createStreams } from '#engine/stdio/streams.ts';
import type { ProcessSpec } from '#oci/runtime-spec.ts';
import { buildSpec } from './build-spec.ts';
import { type Context, publish } from './context.ts';
import type { Exec } from './exec-record.ts';
import { mergeEnv } from './merge.ts';
import { type ContainerRecord, isRunning } from './record.ts';
import { rootfsOf } from './rootfs.ts';
import { lookupUser } from './users.ts';
import { checkWorkingDirectory } from './working-directory.ts';

export type ExecRequest = Pick<
  Exec,
  | 'command'
  | 'env'
  | 'user'
  | 'workingDir'
  | 'privileged'
  | 'tty'
  | 'attachStdin'
  | 'attachStdout'
  | 'attachStderr'
  | 'detachKeys'
  | 'consoleSize'
>;

/** Prepares a further process in a running container. @throws {NotFoundError}; {ConflictError} if it does not run or is paused */
export async function createExec(context: Context, name: string, request: ExecRequest): Promise<string> {
  const record = running(context, name);
  if (request.command.length === 0) throw new InvalidArgumentError('No exec command specified');
  const id = randomBytes(32).toString('hex');
  context.execs.set(id, {
    ...request,
    id,
    containerId: record.id,
    state: 'created',
    pid: 0,
    exitCode: undefined,
    streams: createStreams(),
    endedAt: 0,
  });
  publish(context, record, { action: `exec_create: ${request.command.join(' ')}`, attributes: { execID: id } });
  return id;
}

/** @throws {NotFoundError} `No such exec instance: x` */
export function findExec({ execs }: Pick<Context, 'execs'>, id: string): Exec {
  const exec = execs.get(id) ?? [...execs.values()].find((candidate) => id.length >= 12 && candidate.id.startsWith(id));
  if (exec === undefined) throw new NotFoundError(`No such exec instance: ${id}`);
  return exec;
}

/**
 * Runs a prepared process. Who wants its streams listens to them before.
 * @returns the promise of its exit code
 * @throws {ConflictError} if it was started already, or its container does not run
 */
export async function startExec(context: Context, id: string): Promise<{ exited: Promise<number> }> {
  const exec = findExec(context, id);
  if (exec.state !== 'created') throw new ConflictError(`exec ${id} has already been started`);
  const record = running(context, exec.containerId);
  exec.state = 'running';
  const directory = execFolder(context, exec);
  try {
    const process = processOf(context, record, exec);
    await mkdir(directory, { recursive: true, mode: 0o700 });
    const connected = Promise.withResolvers<{ ended: Promise<void> }>();
    const { pid, exited } = await context.runtime.exec(record.id, {
      id: exec.id,
      directory,
      process,
      stdin: exec.attachStdin,
      onReady: async () => {
        const streams = await exec.streams.connect(join(directory, 'attach'));
        connected.resolve({ ended: streams.ended });
      },
    });
    exec.pid = pid;
    publish(context, record, { action: `exec_start: ${exec.command.join(' ')}`, attributes: { execID: exec.id } });
    const { ended: output } = await connected.promise;
    return { exited: finish(context, { exec, record, directory }, { exited, output }) };
  } catch (error) {
    await end(exec, directory, failureCode(error as Error));
    throw error;
  }
}

async function finish(
  context: Context,
  { exec, record, directory }: { exec: Exec; record: ContainerRecord; directory: string },
  { exited, output }: { exited: Promise<number>; output: Promise<void> },
): Promise<number> {
  const code = await exited;
  // Output that is still on its way; a child that holds the streams open must not hold the answer.
  await Promise.race([output, new Promise((resolve) => setTimeout(resolve, OUTPUT_GRACE_MS).unref())]);
  await end(exec, directory, code);
  publish(context, record, { action: 'exec_die', attributes: { execID: exec.id, exitCode: String(code) } });
  setTimeout(() => context.execs.delete(exec.id), FORGET_AFTER_MS).unref();
  return code;
}

const OUTPUT_GRACE_MS = 500;
const FORGET_AFTER_MS = 5 * 60_000;

async function end(exec: Exec, directory: string, code: number): Promise<void> {
  exec.state = 'exited';
  exec.exitCode = code;
  exec.pid = 0;
  exec.endedAt = Date.now();
  exec.streams.fail();
  await rm(directory, { recursive: true, force: true });
}

function failureCode({ message }: Error): number {
  if (/executable file not found|no such file or directory/.test(message)) return 127;
  return 126;
}

/** Where an exec has its sockets. */
export function execFolder({ execRoot }: Pick<Context, 'execRoot'>, { id }: Pick<Exec, 'id'>): string {
  return join(execRoot, 'exec', id);
}

function processOf(context: Context, record: ContainerRecord, exec: Exec): ProcessSpec {
  const rootfs = rootfsOf(context, record.id);
  const request = buildSpec(context, record, { rootfs, namespacePath: undefined, mounts: [], env: [] });
  const asked = exec.user === '' ? request.user : lookupUser(rootfs, exec.user, record.hostConfig.groupAdd);
  const { spec } = createSpec(
    {
      ...request,
      args: exec.command,
      env: mergeEnv([...request.env, ...(exec.tty ? ['TERM=xterm'] : [])], exec.env),
      cwd: exec.workingDir === '' ? request.cwd : checkWorkingDirectory(rootfs, exec.workingDir),
      user: asked,
      terminal: exec.tty,
      consoleSize: exec.tty ? exec.consoleSize : undefined,
      privileged: exec.privileged || request.privileged === true,
    },
    context.runtime.host,
  );
  return spec.process;
}

function running(context: Context, name: string): ContainerRecord {
  const record = context.records.find(name);
  if (record.state.status === 'paused')
    throw new ConflictError(`Container ${name} is paused, unpause the container before exec`);
  if (record.state.status === 'restarting')
    throw new ConflictError(`Container ${name} is restarting, wait until the container is running`);
  if (!isRunning(record)) throw new ConflictError(`container ${record.id} is not running`);
  return record;
}
