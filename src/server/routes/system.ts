import type { ServerResponse } from 'node:http';
import { type Filters, parseFilters } from '#api/filters.ts';
import { eventToWire, infoToWire, type SystemCounts, type SystemFacts, versionToWire } from '#api/system.ts';
import { parseTimestamp } from '#api/timestamps.ts';
import type { EngineEvent, Events } from '#engine/events/events.ts';
import { InvalidArgumentError } from '#lib/errors.ts';
import type { Call, Route } from '../route.ts';
import { drained } from '../drained.ts';

/** What these routes need of the engine. */
export interface SystemBackend {
  facts: SystemFacts;
  counts(): Promise<SystemCounts>;
  /** As `GET /berth/status` answers it. */
  status(): Promise<Record<string, unknown>>;
  events: Events;
}

const EVENT_FILTERS = [
  'config',
  'container',
  'daemon',
  'event',
  'image',
  'label',
  'network',
  'node',
  'plugin',
  'scope',
  'secret',
  'service',
  'type',
  'volume',
];

/** Engine API, tag System, and `GET /berth/status`. */
export function systemRoutes(engine: SystemBackend): readonly Route[] {
  return [
    ['GET', '/_ping', async (call) => ping(call, 'OK')],
    ['HEAD', '/_ping', async (call) => ping(call, '')],
    ['GET', '/version', async (call) => call.send(200, versionToWire(engine.facts))],
    ['GET', '/info', async (call) => call.send(200, infoToWire(engine.facts, await engine.counts(), call.version))],
    ['GET', '/events', async (call) => streamEvents(engine.events, call)],
    ['GET', '/berth/status', async (call) => call.send(200, await engine.status())],
  ];
}

function ping({ response }: Call, body: string): void {
  response.writeHead(200, {
    'Cache-Control': 'no-cache, no-store, must-revalidate',
    Pragma: 'no-cache',
    // 2: clients build by BuildKit's protocol unless told otherwise.
    'Builder-Version': '2',
    Swarm: 'inactive',
    'Content-Type': 'text/plain; charset=utf-8',
    'Content-Length': body.length,
  });
  response.end(body);
}

async function streamEvents(events: Events, { response, query, signal, version }: Call): Promise<void> {
  const filters = parseFilters(query.get('filters'), EVENT_FILTERS);
  const sinceNano = timeOf(query, 'since');
  const untilNano = timeOf(query, 'until');
  if (sinceNano !== undefined && untilNano !== undefined && sinceNano > untilNano)
    throw new InvalidArgumentError('`since` time cannot be after `until` time');
  const subscription = events.subscribe({ sinceNano, untilNano, signal });
  response.writeHead(200, { 'Content-Type': 'application/json' });
  response.flushHeaders();
  for await (const event of subscription)
    if (isWanted(event, filters)) await write(response, eventToWire(event, version));
  response.end();
}

function timeOf(query: URLSearchParams, name: string): bigint | undefined {
  const text = query.get(name);
  if (text === null || text === '' || text === '0') return undefined;
  const time = parseTimestamp(text);
  if (time === undefined) throw new InvalidArgumentError(`invalid ${name}: ${JSON.stringify(text)} is no time`);
  return time;
}

async function write(response: ServerResponse, text: string): Promise<void> {
  if (!response.write(text) && !response.destroyed) await drained(response);
}

/** Whether the filters let an event through; names and ids count by their beginning, as clients expect. */
export function isWanted(event: EngineEvent, filters: Filters): boolean {
  const { type, action, id, attributes } = event;
  const [verb = ''] = action.split(':');
  const byName = (key: string, attribute: string, ownType: string): boolean => {
    if (!filters.has(key)) return true;
    const named = attributes[attribute] ?? '';
    const wanted = type === ownType ? [id, attributes['name'] ?? '', named] : [named];
    return filters
      .values(key)
      .some((value) => wanted.some((text) => text === value || (value !== '' && text.startsWith(value))));
  };
  return (
    filters.exact('scope', 'local') &&
    filters.exact('type', type) &&
    (filters.exact('event', action) || filters.exact('event', verb)) &&
    filters.labels(attributes) &&
    (!filters.has('container') ||
      (type === 'container' && byName('container', 'name', 'container')) ||
      (attributes['container'] !== undefined && byName('container', 'container', ''))) &&
    (!filters.has('image') || isOfImage(event, filters.values('image'))) &&
    ['volume', 'network', 'daemon', 'plugin', 'service', 'node', 'secret', 'config'].every(
      (key) => !filters.has(key) || (type === key && byName(key, 'name', key)),
    )
  );
}

function isOfImage({ type, id, attributes }: EngineEvent, values: readonly string[]): boolean {
  if (type !== 'image' && type !== 'container') return false;
  const names = type === 'image' ? [id, attributes['name'] ?? ''] : [attributes['image'] ?? ''];
  return names.some((name) => values.includes(name) || values.includes(name.replace(/:[^:/]+$/, '')));
}
