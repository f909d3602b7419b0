import { once } from 'node:events';
import { parseContainerConfig } from '#api/container-config.ts';
import { parseEndpoints } from '#api/endpoint-config.ts';
import { parseFilters } from '#api/filters.ts';
import { parseHostConfig } from '#api/host-config.ts';
import { queryFlag, queryInteger } from '#api/query.ts';
import { errorMessage } from '#api/progress.ts';
import type { Containers } from '#engine/containers/containers.ts';
import { LIST_FILTERS } from '#engine/containers/list.ts';
import { parseWaitCondition } from '#engine/containers/wait.ts';
import { InvalidArgumentError } from '#lib/errors.ts';
import type { Call, Route } from '../route.ts';
import { inspectToWire, summaryToWire } from './container-wire.ts';

/** What these routes need of the engine. */
export interface ContainersBackend {
  containers: Containers;
}

/** Engine API, tag Container: making, looking at and ending containers. */
export function containerRoutes({ containers }: ContainersBackend): readonly Route[] {
  return [
    ['GET', '/containers/json', async (call) => listContainers(containers, call)],
    ['POST', '/containers/create', async (call) => createContainer(containers, call)],
    ['GET', '/containers/:name/json', async (call) => inspect(containers, call)],
    ['POST', '/containers/:name/start', async (call) => start(containers, call)],
    ['POST', '/containers/:name/stop', async (call) => done(call, containers.stop(nameOf(call), stopOptions(call)))],
    ['POST', '/containers/:name/restart', async (call) => done(call, containers.restart(nameOf(call), stopOptions(call)))],
    ['POST', '/containers/:name/kill', async (call) => done(call, containers.kill(nameOf(call), call.query.get('signal') ?? ''))],
    ['POST', '/containers/:name/pause', async (call) => done(call, containers.pause(nameOf(call)))],
    ['POST', '/containers/:name/unpause', async (call) => done(call, containers.unpause(nameOf(call)))],
    ['POST', '/containers/:name/rename', async (call) => done(call, containers.rename(nameOf(call), call.query.get('name') ?? ''))],
    ['POST', '/containers/:name/wait', async (call) => wait(containers, call)],
    ['GET', '/containers/:name/top', async (call) => top(containers, call)],
    ['DELETE', '/containers/:name', async (call) => remove(containers, call)],
  ]; // prettier-ignore
}

function nameOf({ params }: Call): string {
  return params['name'] ?? '';
}

async function done(call: Call, work: Promise<void>): Promise<void> {
  await work;
  call.send(204);
}

async function listContainers(containers: Containers, call: Call): Promise<void> {
  const { query } = call;
  const descriptions = await containers.list({
    all: queryFlag(query, 'all'),
    limit: queryInteger(query, 'limit'),
    filters: parseFilters(query.get('filters'), LIST_FILTERS),
    size: queryFlag(query, 'size'),
  });
  call.send(200, descriptions.map(summaryToWire));
}

/** First version that takes settings of several networks at once. */
const SEVERAL_ENDPOINTS = 144;

async function createContainer(containers: Containers, call: Call): Promise<void> {
  const body = (await call.json()) as Record<string, unknown> | null;
  if (body === null || typeof body !== 'object' || Array.isArray(body))
    throw new InvalidArgumentError('config cannot be empty in order to create a container');
  const endpoints = parseEndpoints(body['NetworkingConfig']);
  if (call.version < SEVERAL_ENDPOINTS && Object.keys(endpoints).length > 1)
    throw new InvalidArgumentError('Container cannot be created with multiple network endpoints');
  const { id, warnings } = await containers.create({
    name: call.query.get('name') ?? undefined,
    platform: call.query.get('platform') ?? undefined,
    hostCa: queryFlag(call.query, 'berth-host-ca'),
    config: parseContainerConfig(body),
    hostConfig: parseHostConfig(body['HostConfig']),
    endpoints,
  });
  call.send(201, { Id: id, Warnings: warnings });
}

async function inspect(containers: Containers, call: Call): Promise<void> {
  const size = queryFlag(call.query, 'size');
  call.send(200, inspectToWire(await containers.inspect(nameOf(call), { size })));
}

async function start(containers: Containers, call: Call): Promise<void> {
  if (Number(call.request.headers['content-length'] ?? 0) > 2)
    throw new InvalidArgumentError(
      'starting container with non-empty request body was deprecated since API v1.22 and removed in v1.24',
    );
  await containers.start(nameOf(call));
  call.send(204);
}

function stopOptions({ query }: Call): { signal: string | undefined; timeoutSeconds: number | undefined } {
  return { signal: query.get('signal') ?? undefined, timeoutSeconds: queryInteger(query, 't') };
}

/** The header goes out at once: `docker run` waits for it before it starts the container. */
async function wait(containers: Containers, call: Call): Promise<void> {
  const { response, query, signal } = call;
  containers.find(nameOf(call));
  const waiting = containers.wait(nameOf(call), { condition: parseWaitCondition(query.get('condition')), signal });
  response.writeHead(200, { 'Content-Type': 'application/json' });
  response.flushHeaders();
  try {
    // Why a start failed is told by the start; `docker run -d` would print it twice.
    const { exitCode } = await waiting;
    response.end(`${JSON.stringify({ StatusCode: exitCode })}\n`);
  } catch (error) {
    if (signal.aborted) return;
    response.end(`${JSON.stringify(errorMessage(error))}\n`);
    await once(response, 'finish');
  }
}

async function top(containers: Containers, call: Call): Promise<void> {
  const { titles, processes } = await containers.top(nameOf(call), call.query.get('ps_args') ?? '');
  call.send(200, { Titles: titles, Processes: processes });
}

async function remove(containers: Containers, call: Call): Promise<void> {
  const { query } = call;
  if (queryFlag(query, 'link')) throw new InvalidArgumentError('links do not exist: nothing to remove');
  await containers.remove(nameOf(call), { volumes: queryFlag(query, 'v'), force: queryFlag(query, 'force') });
  call.send(204);
}
