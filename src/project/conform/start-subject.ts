import { setTimeout as sleep } from 'node:timers/promises';
import type { ImageDetails } from '#api/answers.ts';
import {
  createContainer,
  inspectContainer,
  removeContainer,
  startContainer,
  stopContainer,
} from '#client/containers.ts';
import { lastWords } from '../last-words.ts';
import type { Client } from '#client/transport.ts';
import { BerthError, CancelledError, InvalidArgumentError } from '#lib/errors.ts';
import { freePort } from '../free-port.ts';
import { LABELS } from '../labels.ts';
import type { ConformOptions, Contract, Ending, Readiness } from './contract.ts';
import { send } from './send.ts';

/** A container that runs as the platform would run it. */
export interface Started extends AsyncDisposable {
  id: string;
  /** Port of 127.0.0.1. */
  port: number;
  /** Waits until it is ready. @returns what was seen; `readyMs` is undefined if it ended, or was not ready in time */
  readiness(): Promise<Readiness>;
  /** The end of its log. */
  lastWords(): Promise<string>;
  state(): Promise<{ running: boolean; exitCode: number; oomKilled: boolean }>;
  /** Asks it to end, and waits. */
  end(): Promise<Ending>;
}

const DEFAULT_TIMEOUT_MS = 120_000;
const PAUSE_MS = 50;

/**
 * Starts an image as a contract's platform does; disposing removes the container.
 * @returns the engine's reason, if the container cannot be started
 * @throws {InvalidArgumentError} if no port is known
 */
export async function startSubject(
  client: Client,
  { image, contract, reference }: { image: ImageDetails; contract: Contract; reference: string },
  options: ConformOptions,
): Promise<Started | BerthError> {
  const inner = options.port ?? contract.port ?? portOf(image);
  const port = await freePort(20_000 + (process.pid % 20_000));
  const body = containerBody(contract, { reference, inner, port }, options);
  const { Id: id } = await createContainer(client, body);
  const remove = async (): Promise<void> => removeContainer(client, id, { force: true, volumes: true });
  const began = performance.now();
  try {
    await startContainer(client, id);
  } catch (error) {
    await remove();
    if (error instanceof BerthError) return error;
    throw error;
  }
  const state = async (): ReturnType<Started['state']> => {
    const { State } = await inspectContainer(client, id);
    return { running: State.Running, exitCode: State.ExitCode, oomKilled: State.OOMKilled === true };
  };
  return {
    id,
    port,
    state,
    readiness: async () => watchReadiness(contract, { port, began, state }, options),
    lastWords: async () => lastWords(client, id),
    async end() {
      const asked = performance.now();
      await stopContainer(client, id, { timeout: contract.graceSeconds });
      const { exitCode } = await state();
      return { exitCode, ms: performance.now() - asked, graceSeconds: contract.graceSeconds };
    },
    [Symbol.asyncDispose]: remove,
  };
}

function portOf({ Config }: ImageDetails): number {
  const ports = Object.keys(Config?.ExposedPorts ?? {}).flatMap((port) => /^(\d+)\/tcp$/.exec(port)?.[1] ?? []);
  const [first] = ports.map(Number).toSorted((a, b) => a - b);
  if (first !== undefined) return first;
  throw new InvalidArgumentError('the port of the image is not known', {
    why: 'it exposes none',
    hint: 'name it with --port, or add EXPOSE to the Dockerfile',
  });
}

function containerBody(
  contract: Contract,
  { reference, inner, port }: { reference: string; inner: number; port: number },
  { environment = [], modelFolder }: ConformOptions,
): object {
  if (modelFolder !== undefined && contract.modelFolder === undefined)
    throw new InvalidArgumentError(`${contract.title} mounts no model`, {
      why: 'images of this contract bring their model',
      hint: 'leave out --model',
    });
  const mounts =
    modelFolder === undefined
      ? []
      : [{ Type: 'bind', Source: modelFolder, Target: contract.modelFolder, ReadOnly: true }];
  return {
    Image: reference,
    ...(contract.command !== undefined && { Cmd: contract.command }),
    Env: [...contract.environment(inner), ...environment],
    ExposedPorts: { [`${inner}/tcp`]: {} },
    Labels: { [LABELS.purpose]: 'conform' },
    HostConfig: {
      PortBindings: { [`${inner}/tcp`]: [{ HostIp: '127.0.0.1', HostPort: String(port) }] },
      Mounts: mounts,
    },
  };
}

async function watchReadiness(
  contract: Contract,
  { port, began, state }: { port: number; began: number } & Pick<Started, 'state'>,
  options: ConformOptions,
): Promise<Readiness> {
  const { timeoutMs = DEFAULT_TIMEOUT_MS, signal } = options;
  const before = new Set<number>();
  let listensMs: number | undefined;
  const path = contract.readyPath(options);
  while (performance.now() - began < timeoutMs) {
    if (signal?.aborted === true) throw new CancelledError('cancelled');
    const reply = await send({ host: '127.0.0.1', port }, { method: 'GET', path, timeoutMs: 5000 }).catch(
      () => undefined,
    );
    if (reply !== undefined) {
      listensMs ??= performance.now() - began;
      if (contract.isReady(reply)) return { listensMs, readyMs: performance.now() - began, before: [...before] };
      before.add(reply.status);
    } else if (!(await state()).running) break;
    await sleep(PAUSE_MS);
  }
  return { listensMs, readyMs: undefined, before: [...before] };
}
