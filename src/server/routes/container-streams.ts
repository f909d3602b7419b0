import { queryFlag, queryInteger } from '#api/query.ts';
import { parseTimestamp } from '#api/timestamps.ts';
import type { Attachment } from '#engine/containers/attach-container.ts';
import type { Containers } from '#engine/containers/containers.ts';
import { InvalidArgumentError } from '#lib/errors.ts';
import type { Call, Route } from '../route.ts';
import type { ContainersBackend } from './containers.ts';
import { drained } from '../drained.ts';

/** Engine API, tag Container: logs, attach and resize. */
export function containerStreamRoutes({ containers }: ContainersBackend): readonly Route[] {
  return [
    ['GET', '/containers/:name/logs', async (call) => logs(containers, call)],
    ['POST', '/containers/:name/attach', async (call) => attach(containers, call)],
    ['POST', '/containers/:name/resize', async (call) => resize(containers, call)],
  ];
}

const RAW = 'application/vnd.docker.raw-stream';
const MULTIPLEXED = 'application/vnd.docker.multiplexed-stream';
/** First version in which a framed stream has a type of its own. */
const OWN_TYPE = 142;

async function logs(containers: Containers, call: Call): Promise<void> {
  const { query, response, version, signal } = call;
  const { framed, chunks } = containers.logs(call.params['name'] ?? '', {
    stdout: queryFlag(query, 'stdout'),
    stderr: queryFlag(query, 'stderr'),
    follow: queryFlag(query, 'follow'),
    timestamps: queryFlag(query, 'timestamps'),
    details: queryFlag(query, 'details'),
    sinceNano: pointInTime(query, 'since'),
    untilNano: pointInTime(query, 'until'),
    tail: tailOf(query.get('tail')),
    signal,
  });
  response.writeHead(200, { 'Content-Type': framed && version >= OWN_TYPE ? MULTIPLEXED : RAW });
  response.flushHeaders();
  for await (const chunk of chunks) {
    if (signal.aborted) return;
    if (!response.write(chunk)) await drained(response);
  }
  response.end();
}

function pointInTime(query: URLSearchParams, name: string): bigint | undefined {
  const text = query.get(name);
  if (text === null || text === '' || text === '0') return undefined;
  const time = parseTimestamp(text);
  if (time === undefined) throw new InvalidArgumentError(`invalid value for "${name}": ${text}`);
  return time;
}

/** What is no number means all. */
function tailOf(text: string | null): number | undefined {
  return text !== null && /^\d+$/.test(text) ? Number(text) : undefined;
}

async function attach(containers: Containers, call: Call): Promise<void> {
  const { query } = call;
  const attachment = containers.attach(call.params['name'] ?? '', {
    stdin: queryFlag(query, 'stdin'),
    stdout: queryFlag(query, 'stdout'),
    stderr: queryFlag(query, 'stderr'),
    logs: queryFlag(query, 'logs'),
    stream: queryFlag(query, 'stream'),
    detachKeys: query.get('detachKeys') ?? '',
  });
  await serveAttachment(call, attachment);
}

/** Takes the connection over for an attachment. */
export async function serveAttachment(call: Call, attachment: Attachment): Promise<void> {
  const upgraded = call.request.headers.upgrade !== undefined;
  const framed = attachment.framed && call.version >= OWN_TYPE && upgraded;
  await attachment.serve(call.hijack(framed ? MULTIPLEXED : RAW));
}

async function resize(containers: Containers, call: Call): Promise<void> {
  await containers.resize(call.params['name'] ?? '', sizeOf(call));
  call.send(200);
}

/** @throws {InvalidArgumentError} */
export function sizeOf({ query }: Call): { rows: number; columns: number } {
  const [rows, columns] = [queryInteger(query, 'h'), queryInteger(query, 'w')];
  if (rows === undefined || columns === undefined || rows < 0 || columns < 0 || rows > 65_535 || columns > 65_535)
    throw new InvalidArgumentError('invalid resize: h and w must be numbers from 0 to 65535');
  return { rows, columns };
}
