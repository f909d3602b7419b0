import type { DiskUsageAnswer, EventAnswer, VersionAnswer } from '#api/answers.ts';
import type { ProgressMessage } from '#api/progress.ts';
import { callJson, formatFilters } from './call.ts';
import type { FilterTable } from './containers.ts';
import { readJsonLines, readProgress } from './json-lines.ts';
import type { Client } from './transport.ts';

/** `GET /version` */
export async function engineVersion(client: Client): Promise<VersionAnswer> {
  return callJson(client, ['GET', '/version']);
}

/** `GET /info` */
export async function engineFacts(client: Client): Promise<Record<string, unknown>> {
  return callJson(client, ['GET', '/info']);
}

/** `GET /berth/status`. @throws {NotFoundError} from an engine of another kind */
export async function engineStatus(client: Client): Promise<Record<string, unknown>> {
  return callJson(client, ['GET', '/berth/status']);
}

/** `GET /system/df` */
export async function diskUsage(client: Client): Promise<DiskUsageAnswer> {
  return callJson(client, ['GET', '/system/df']);
}

/** `GET /events`, until `until` has passed or `signal` aborts. */
export async function* engineEvents(
  client: Client,
  options: { since?: string | undefined; until?: string | undefined; filters?: FilterTable; signal?: AbortSignal } = {},
): AsyncGenerator<EventAnswer> {
  const { since, until, filters, signal } = options;
  const { body } = await client.send('GET', '/events', {
    query: { since, until, filters: formatFilters(filters) },
    signal,
  });
  yield* readJsonLines<EventAnswer>(body);
}

/** `POST /berth/dedupe`: keeps content that several layers have once. The last message has a `DedupeSummary` as `aux`. */
export async function* dedupeLayers(
  client: Client,
  { dryRun, signal }: { dryRun?: boolean; signal?: AbortSignal } = {},
): AsyncGenerator<ProgressMessage> {
  const { body } = await client.send('POST', '/berth/dedupe', { query: { 'dry-run': dryRun }, signal });
  yield* readProgress(body);
}
