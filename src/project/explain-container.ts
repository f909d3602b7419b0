import { stat } from 'node:fs/promises';
import { inspectContainer } from '#client/containers.ts';
import { lastWords } from './last-words.ts';
import type { Client } from '#client/transport.ts';
import { type EndingMount, explain, type Explanation } from '#ml/explain/explain.ts';

const LOG_TAIL = 400;

/** What became of a container, and what its log means. */
export interface ContainerCase {
  name: string;
  running: boolean;
  exitCode: number;
  /** What could not even be started says so itself. */
  error: string;
  explanation: Explanation | undefined;
}

/** Reads a container's log, state, limits and mounts, and explains them. @throws {NotFoundError} if there is no such container */
export async function explainContainer(client: Client, id: string): Promise<ContainerCase> {
  const { Name, State, Config, HostConfig, Mounts } = await inspectContainer(client, id);
  const log = await lastWords(client, id, { tail: LOG_TAIL, terminal: Config.Tty });
  const explanation = explain(`${log}\n${State.Error}`, {
    exitCode: State.Running ? undefined : State.ExitCode,
    oomKilled: State.OOMKilled === true && !State.Running,
    memoryLimit: HostConfig.Memory,
    user: Config.User,
    mounts: await mountsOf(Mounts ?? []),
  });
  return { name: Name.replace(/^\//, ''), running: State.Running, exitCode: State.ExitCode, error: State.Error, explanation }; // prettier-ignore
}

/** Owners of mounted folders are seen where the engine is on this machine. */
async function mountsOf(
  mounts: readonly { Type: string; Source: string; Destination: string; RW: boolean }[],
): Promise<EndingMount[]> {
  const binds = mounts.filter(({ Type }) => Type === 'bind');
  return Promise.all(
    binds.map(async ({ Source: source, Destination: target, RW }) => {
      const facts = await stat(source).catch(() => undefined);
      return { source, target, readOnly: !RW, owner: facts === undefined ? undefined : { uid: facts.uid, gid: facts.gid } };
    }),
  ); // prettier-ignore
}
