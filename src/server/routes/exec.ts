import { parseFields } from '#api/fields.ts';
import type { Containers } from '#engine/containers/containers.ts';
import type { Call, Route } from '../route.ts';
import { serveAttachment, sizeOf } from './container-streams.ts';
import type { ContainersBackend } from './containers.ts';

/** Engine API, tag Exec. */
export function execRoutes({ containers }: ContainersBackend): readonly Route[] {
  return [
    ['POST', '/containers/:name/exec', async (call) => create(containers, call)],
    ['POST', '/exec/:id/start', async (call) => start(containers, call)],
    ['POST', '/exec/:id/resize', async (call) => resize(containers, call)],
    ['GET', '/exec/:id/json', async (call) => inspect(containers, call)],
  ];
}

const CREATE = {
  attachStdin: ['AttachStdin', 'boolean'],
  attachStdout: ['AttachStdout', 'boolean'],
  attachStderr: ['AttachStderr', 'boolean'],
  consoleSize: ['ConsoleSize', 'size?'],
  detachKeys: ['DetachKeys', 'string'],
  tty: ['Tty', 'boolean'],
  env: ['Env', 'strings'],
  command: ['Cmd', 'words?'],
  privileged: ['Privileged', 'boolean'],
  user: ['User', 'string'],
  workingDir: ['WorkingDir', 'string'],
} as const;

const START = {
  detach: ['Detach', 'boolean'],
  tty: ['Tty', 'boolean'],
  consoleSize: ['ConsoleSize', 'size?'],
} as const;

async function create(containers: Containers, call: Call): Promise<void> {
  const { command = [], ...request } = parseFields(CREATE, await call.json());
  call.send(201, { Id: await containers.createExec(call.params['name'] ?? '', { ...request, command }) });
}

async function start(containers: Containers, call: Call): Promise<void> {
  const id = call.params['id'] ?? '';
  const exec = containers.findExec(id);
  const { detach, tty, consoleSize } = parseFields(START, await call.json());
  if (consoleSize !== undefined) exec.consoleSize = consoleSize;
  if (detach) {
    await containers.startExec(id);
    call.send(200);
    return;
  }
  await serveAttachment(call, containers.attachExec(id, { tty }));
}

async function resize(containers: Containers, call: Call): Promise<void> {
  await containers.resizeExec(call.params['id'] ?? '', sizeOf(call));
  call.send(200);
}

async function inspect(containers: Containers, call: Call): Promise<void> {
  const exec = containers.findExec(call.params['id'] ?? '');
  const [entrypoint = '', ...args] = exec.command;
  call.send(200, {
    ID: exec.id,
    Running: exec.state === 'running',
    ExitCode: exec.exitCode ?? null,
    ProcessConfig: { tty: exec.tty, entrypoint, arguments: args, privileged: exec.privileged, user: exec.user },
    OpenStdin: exec.attachStdin,
    OpenStderr: exec.attachStderr,
    OpenStdout: exec.attachStdout,
    CanRemove: false,
    ContainerID: exec.containerId,
    DetachKeys: exec.detachKeys,
    Pid: exec.pid,
  });
}
