import type { ContainerDetails, ContainerSummary } from '#api/answers.ts';
import {
  createContainer,
  inspectContainer,
  listContainers,
  removeContainer,
  renameContainer,
  startContainer,
  stopContainer,
} from '#client/containers.ts';
import type { Client } from '#client/transport.ts';
import { ConflictError } from '#lib/errors.ts';
import { freePort, isPortFree } from './free-port.ts';
import { LABELS } from './labels.ts';
import type { Project } from './project.ts';
import type { Collaborators } from './run-build.ts';

/** A new container that runs; nothing of the former one is lost yet. */
export interface Replacement {
  id: string;
  name: string;
  port: number;
  /** The new one is good: the former one goes. */
  settle(): Promise<void>;
  /** The new one is not: the former one runs again, if there was one. @returns name under which the new one's log can be read */
  undo(): Promise<string>;
}

/** Starts a project's new container in the place of its former one, which stands by until the change is settled. */
export async function replaceContainer(
  { client, report }: Collaborators,
  project: Project,
  { image, inner, wanted }: { image: string; inner: number; wanted: number | undefined },
): Promise<Replacement> {
  const former = await formerContainer(client, project);
  const name = await containerName(client, project, former);
  if (former !== undefined) {
    report.say(`replacing the container ${name}`);
    await stopContainer(client, former.Id, { timeout: 3 });
    await renameContainer(client, former.Id, `${name}-before`);
  }
  const undo = async (): Promise<string> => restore(client, { former, name });
  try {
    const port = wanted ?? portOf(former) ?? (await freePort(inner));
    const started = await startOn(client, project, { image, inner, name, port, isFixed: wanted !== undefined });
    const settle = async (): Promise<void> => {
      if (former !== undefined) await removeContainer(client, former.Id, { force: true, volumes: true });
      await removeContainer(client, failedName(name), { force: true, volumes: true }).catch(() => {});
    };
    return { ...started, settle, undo };
  } catch (error) {
    await undo();
    throw error;
  }
}

function failedName(name: string): string {
  return `${name}-failed`;
}

async function restore(
  client: Client,
  { former, name }: { former: ContainerSummary | undefined; name: string },
): Promise<string> {
  if (former === undefined) return name;
  const failed = failedName(name);
  await removeContainer(client, failed, { force: true, volumes: true }).catch(() => {});
  await stopContainer(client, name, { timeout: 1 }).catch(() => {});
  await renameContainer(client, name, failed).catch(() => {});
  await renameContainer(client, former.Id, name);
  if (former.State === 'running') await startContainer(client, former.Id);
  return failed;
}

interface Started {
  id: string;
  name: string;
  port: number;
}

function portOf(former: ContainerSummary | undefined): number | undefined {
  return former?.Ports?.find(({ PublicPort }) => PublicPort !== undefined)?.PublicPort;
}

/** @throws {ConflictError} if a port that was asked for is taken by something else than the former container */
export async function requirePort(former: ContainerSummary | undefined, wanted: number | undefined): Promise<void> {
  if (wanted === undefined || wanted === portOf(former) || (await isPortFree(wanted))) return;
  throw new ConflictError(`port ${wanted} is taken`, {
    why: 'another program listens on it',
    hint: 'choose another with --port, or leave it out',
  });
}

/** The container that serves a folder now, or did so last. */
export async function formerContainer(client: Client, { directory }: Project): Promise<ContainerSummary | undefined> {
  const label = [`${LABELS.directory}=${directory}`, `${LABELS.purpose}=serve`];
  const found = await listContainers(client, { all: true, filters: { label } });
  return found.find(({ State }) => State === 'running') ?? found[0];
}

/** The project's name, unless a container of something else has it. */
async function containerName(client: Client, project: Project, former: ContainerSummary | undefined): Promise<string> {
  const taken = await inspectContainer(client, project.name).catch(() => undefined);
  if (taken === undefined || taken.Id === former?.Id || isOurs(taken, project)) return project.name;
  return `${project.name}-${project.mark}`;
}

function isOurs({ Config }: ContainerDetails, { directory }: Project): boolean {
  return Config.Labels?.[LABELS.directory] === directory;
}

const TRIES = 5;

async function startOn(
  client: Client,
  project: Project,
  { image, inner, name, port, isFixed }: { image: string; inner: number; name: string; port: number; isFixed: boolean },
): Promise<Started> {
  let candidate = port;
  for (let attempt = 1; ; attempt++) {
    const { Id: id } = await createContainer(client, serviceBody(project, { image, inner, port: candidate }), { name });
    try {
      await startContainer(client, id);
      return { id, name, port: candidate };
    } catch (error) {
      await removeContainer(client, id, { force: true, volumes: true });
      if (isFixed || attempt === TRIES || !isAboutPort(error)) throw error;
      candidate = await freePort(candidate + 1);
    }
  }
}

function isAboutPort(error: unknown): boolean {
  return (
    error instanceof Error &&
    /port is already allocated|address already in use|port .* (?:taken|in use)/i.test(error.message)
  );
}

function serviceBody(
  { name, directory }: Project,
  { image, inner, port }: { image: string; inner: number; port: number },
): object {
  return {
    Image: image,
    ExposedPorts: { [`${inner}/tcp`]: {} },
    Labels: { [LABELS.project]: name, [LABELS.directory]: directory, [LABELS.purpose]: 'serve' },
    HostConfig: { PortBindings: { [`${inner}/tcp`]: [{ HostIp: '127.0.0.1', HostPort: String(port) }] } },
  };
}
