import { setTimeout as sleep } from 'node:timers/promises';
import type { ContainerDetails, ContainerSummary } from '#api/answers.ts';
import {
  createContainer,
  inspectContainer,
  killContainer,
  listContainers,
  removeContainer,
  renameContainer,
  startContainer,
  stopContainer,
  waitContainer,
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
  /** When it was started, by `performance.now()`. */
  startedAt: number;
  /** The new one is good: the former one goes. */
  settle: () => Promise<void>;
  /** The new one is not: the former one runs again, if there was one. @returns name under which the new one's log can be read */
  undo(): Promise<string>;
}

/** What a new container is made with, but for its name and its port on the host. */
export interface ReplacementPlan {
  /** Port in the container. */
  inner: number;
  /** Port of 127.0.0.1 that was asked for. */
  wanted: number | undefined;
  /** Body of the create request for a port of the host. */
  body: (port: number) => object;
  /** Done to the container before it starts. */
  prepare?: ((id: string) => Promise<void>) | undefined;
}

/**
 * Starts a project's new container in the place of its former one, which stands by until the change is settled. The new one is made before
 * the former one ends, so that little time is without either.
 */
export async function replaceContainer(
  { client, report }: Collaborators,
  project: Project,
  plan: ReplacementPlan,
): Promise<Replacement> {
  const former = await formerContainer(client, project);
  const name = await containerName(client, project, former);
  const port = plan.wanted ?? portOf(former) ?? (await freePort(plan.inner));
  const made = await createFresh(client, plan, { name: former === undefined ? name : nextName(name), port });
  const undo = async (): Promise<string> => restore(client, { former, name });
  try {
    if (former !== undefined) {
      report.say(`replacing the container ${name}`);
      await removeContainer(client, `${name}-before`, { force: true, volumes: true }).catch(() => {});
      await endQuickly(client, former);
      await renameContainer(client, former.Id, `${name}-before`);
      await renameContainer(client, made, name);
    }
    const started = await startOn(client, plan, { id: made, name, port });
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

function nextName(name: string): string {
  return `${name}-next`;
}

/** A name may still be there from a command that was killed. */
async function createFresh(
  client: Client,
  { body, prepare }: ReplacementPlan,
  { name, port }: { name: string; port: number },
): Promise<string> {
  const create = async (): Promise<string> => (await createContainer(client, body(port), { name, hostCa: true })).Id;
  const id = await create().catch(async (error: unknown) => {
    if (!(error instanceof ConflictError) || !name.endsWith('-next')) throw error;
    await removeContainer(client, name, { force: true, volumes: true });
    return create();
  });
  try {
    await prepare?.(id);
    return id;
  } catch (error) {
    await removeContainer(client, id, { force: true, volumes: true }).catch(() => {});
    throw error;
  }
}

/** How long a program may take to end by itself: the next one waits for its port. */
const GRACE_MS = 300;

/** By the image's own signal; the first process of a container ignores others, and waits for no one. */
async function endQuickly(client: Client, { Id: id, State: state }: ContainerSummary): Promise<void> {
  if (state !== 'running') return;
  const { exit } = await waitContainer(client, id, { condition: 'not-running' });
  const details = (await inspectContainer(client, id)) as ContainerDetails & { Config: { StopSignal?: string } };
  await killContainer(client, id, details.Config.StopSignal || 'SIGTERM').catch(() => {});
  const ended = await Promise.race([exit, sleep(GRACE_MS, undefined, { ref: false })]);
  if (ended !== undefined) return;
  await killContainer(client, id).catch(() => {});
  await exit;
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
  const current = await inspectContainer(client, name).catch(() => undefined);
  if (current?.Id !== former.Id) {
    await removeContainer(client, failed, { force: true, volumes: true }).catch(() => {});
    await stopContainer(client, name, { timeout: 1 }).catch(() => {});
    await renameContainer(client, name, failed).catch(() => {});
    await renameContainer(client, former.Id, name);
  }
  if (former.State === 'running') await startContainer(client, former.Id);
  return failed;
}

interface Started {
  id: string;
  name: string;
  port: number;
  startedAt: number;
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
export async function formerContainer(client: Client, { place }: Project): Promise<ContainerSummary | undefined> {
  const label = [`${LABELS.directory}=${place}`, `${LABELS.purpose}=serve`];
  const found = await listContainers(client, { all: true, filters: { label } });
  return found.find(({ State }) => State === 'running') ?? found[0];
}

/** The project's name, unless a container of something else has it. */
async function containerName(client: Client, project: Project, former: ContainerSummary | undefined): Promise<string> {
  const taken = await inspectContainer(client, project.name).catch(() => undefined);
  if (taken === undefined || taken.Id === former?.Id || isOurs(taken, project)) return project.name;
  return `${project.name}-${project.mark}`;
}

function isOurs({ Config }: ContainerDetails, { place }: Project): boolean {
  return Config.Labels?.[LABELS.directory] === place;
}

const TRIES = 5;

/** Another program may have taken the port meanwhile: then the container is made anew with the next one. */
async function startOn(
  client: Client,
  plan: ReplacementPlan,
  { id, name, port }: Omit<Started, 'startedAt'>,
): Promise<Started> {
  let started = { id, name, port };
  for (let attempt = 1; ; attempt++) {
    const startedAt = performance.now();
    try {
      await startContainer(client, started.id);
      return { ...started, startedAt };
    } catch (error) {
      await removeContainer(client, started.id, { force: true, volumes: true });
      if (plan.wanted !== undefined || attempt === TRIES || !isAboutPort(error)) throw error;
      const next = await freePort(started.port + 1);
      started = { id: await createFresh(client, plan, { name, port: next }), name, port: next };
    }
  }
}

function isAboutPort(error: unknown): boolean {
  return (
    error instanceof Error &&
    /port is already allocated|address already in use|port .* (?:taken|in use)/i.test(error.message)
  );
}
