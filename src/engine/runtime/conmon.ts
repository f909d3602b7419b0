import { type ChildProcess, spawn } from 'node:child_process';
import type { Duplex } from 'node:stream';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { InternalError, InvalidArgumentError, UnavailableError } from '#lib/errors.ts';
import { jsonLines, type JsonLines } from './json-lines.ts';

/** The supervisor of one container or exec (facts of its protocol: conmon(8) and its source, ctr_logging and ctrl). */
export interface Conmon {
  /** Lets it run the runtime; answers with the pid of the container's first process, created and not yet started. */
  create(): Promise<{ pid: number; conmonPid: number }>;
  /** Gives up before `create`. */
  cancel(): void;
}

export interface ConmonOptions {
  id: string;
  bundle: string;
  runc: string;
  runcRoot: string;
  exitDirectory: string;
  /** Path of the log; undefined for none. */
  log: string | undefined;
  terminal: boolean;
  stdin: boolean;
  /** A client that leaves does not close the container's standard input. */
  leaveStdinOpen: boolean;
  /** Told the pid before the runtime is started by it, so that it can be moved. */
  onSpawn: (pid: number) => Promise<void>;
}

const SYNC = 3;
const START = 4;
const ATTACH = 5;

/** Starts the supervisor, which waits for `create`: so its start costs nothing while the bundle is still being written. */
export function spawnConmon(options: ConmonOptions): Conmon {
  const { id, bundle, terminal, stdin, leaveStdinOpen, log } = options;
  const args = [
    ...commonArgs(options),
    '-c',
    id,
    '-u',
    id,
    '-n',
    id,
    '-P',
    join(bundle, 'conmon.pid'),
    '--no-sync-log',
    '-l',
    log === undefined ? 'none' : `k8s-file:${log}`,
    ...(terminal ? ['-t'] : []),
    ...(stdin ? ['-i'] : []),
    ...(stdin && leaveStdinOpen ? ['--leave-stdin-open'] : []),
  ];
  const child = start(args, 2);
  const sync = jsonLines(pipe(child, SYNC));
  return {
    async create() {
      await spawned(child);
      await options.onSpawn(child.pid as number);
      pipe(child, START).end('\0');
      const pid = await created(sync, 'failed to create task for container: OCI runtime create failed');
      pipe(child, SYNC).destroy();
      return { pid, conmonPid: Number(await readFile(join(bundle, 'conmon.pid'), 'utf8')) };
    },
    cancel() {
      for (const stream of [SYNC, START]) pipe(child, stream).destroy();
      child.kill('SIGKILL');
    },
  };
}

export interface ConmonExecOptions {
  containerId: string;
  id: string;
  /** A folder of its own: it also holds the exit file, which is named after the container. */
  directory: string;
  processFile: string;
  runc: string;
  runcRoot: string;
  terminal: boolean;
  stdin: boolean;
  onSpawn: (pid: number) => Promise<void>;
  /** Connects to the streams, before the process runs. */
  onReady: () => Promise<void>;
}

/** Runs a further process in a container. @returns its pid, and its exit code to wait for */
export async function conmonExec(options: ConmonExecOptions): Promise<{ pid: number; exited: Promise<number> }> {
  const { id, containerId, directory, processFile, terminal, stdin } = options;
  const args = [
    ...commonArgs({ ...options, bundle: directory, exitDirectory: directory }),
    '-c',
    containerId,
    '-u',
    id,
    '-n',
    containerId,
    '-l',
    'none',
    '--no-sync-log',
    '--exec',
    '--exec-attach',
    '--exec-process-spec',
    processFile,
    ...(terminal ? ['-t'] : []),
    ...(stdin ? ['-i'] : []),
  ];
  const child = start(args, 3);
  await spawned(child);
  const sync = jsonLines(pipe(child, SYNC));
  const attach = jsonLines(pipe(child, ATTACH));
  const close = (): void => [SYNC, START, ATTACH].forEach((stream) => void pipe(child, stream).destroy());
  try {
    await options.onSpawn(child.pid as number);
    pipe(child, START).write('\0');
    await attach.next();
    await options.onReady();
    pipe(child, START).end('\0');
    const pid = await created(sync, 'OCI runtime exec failed');
    const exited = sync.next().then(
      ({ data }) => data,
      () => 255,
    );
    return { pid, exited: exited.finally(close) };
  } catch (error) {
    close();
    throw error;
  }
}

function commonArgs(options: { bundle: string; runc: string; runcRoot: string; exitDirectory: string }): string[] {
  const { bundle, runc, runcRoot, exitDirectory } = options;
  return [
    '--api-version',
    '1',
    '-r',
    runc,
    '--runtime-arg',
    `--root=${runcRoot}`,
    '-b',
    bundle,
    '-p',
    join(bundle, 'pid'),
    '--exit-dir',
    exitDirectory,
    '--full-attach',
    '--log-level',
    'error',
  ];
}

function start(args: readonly string[], pipes: 2 | 3): ChildProcess {
  const env = {
    PATH: process.env['PATH'] ?? '/usr/sbin:/usr/bin:/sbin:/bin',
    _OCI_SYNCPIPE: String(SYNC),
    _OCI_STARTPIPE: String(START),
    ...(pipes === 3 ? { _OCI_ATTACHPIPE: String(ATTACH) } : {}),
  };
  const stdio = ['ignore', 'ignore', 'ignore', ...Array.from({ length: pipes }, () => 'pipe' as const)] as const;
  const child = spawn('conmon', args, { stdio: [...stdio], env, cwd: '/', detached: true });
  child.on('error', () => {}); // `spawned` tells
  child.unref();
  for (let index = SYNC; index < SYNC + pipes; index++) child.stdio[index]?.on('error', () => {});
  return child;
}

function pipe(child: ChildProcess, index: number): Duplex {
  return child.stdio[index] as Duplex;
}

async function spawned(child: ChildProcess): Promise<void> {
  if (child.pid !== undefined) return;
  throw new UnavailableError('conmon could not be started', { hint: 'install the package conmon' });
}

async function created(sync: JsonLines, what: string): Promise<number> {
  const { data, message } = await sync.next();
  if (data > 0) return data;
  throw runtimeError(what, message ?? 'the runtime failed without a word');
}

/** What the runtime said, with its cause in front: wrong commands and paths are the caller's fault. */
function runtimeError(what: string, output: string): Error {
  const cause = /"?msg"?[:=]"((?:[^"\\]|\\.)*)"/.exec(output)?.[1];
  const text = (cause === undefined ? output : (JSON.parse(`"${cause}"`) as string)).trim();
  const message = `${what}: ${text}: unknown`;
  const callers = /exec: "|executable file not found|no such file or directory|permission denied|is a directory/i;
  return callers.test(text) ? new InvalidArgumentError(message) : new InternalError(message);
}
