import type { PruneAnswer } from '#api/answers.ts';
import { formatRegistryConfig, type RegistryAuth } from '#api/auth-header.ts';
import type { ProgressMessage } from '#api/progress.ts';
import { callJson, formatFilters } from './call.ts';
import type { FilterTable } from './containers.ts';
import { readProgress } from './json-lines.ts';
import type { Client } from './transport.ts';

export interface BuildRequest {
  tags?: readonly string[];
  /** Path within the context. */
  dockerfile?: string | undefined;
  buildArgs?: Readonly<Record<string, string | null>>;
  labels?: Readonly<Record<string, string>>;
  target?: string | undefined;
  noCache?: boolean;
  pull?: boolean;
  quiet?: boolean;
  networkMode?: string | undefined;
  platform?: string | undefined;
  extraHosts?: readonly string[];
  shmBytes?: number | undefined;
  memoryBytes?: number | undefined;
  cpuQuota?: number | undefined;
  ulimits?: readonly { Name: string; Soft: number; Hard: number }[];
  /** Address of a context that the engine fetches itself. */
  remote?: string | undefined;
  /** Whether the steps trust the host's certificate authorities too; the engine decides if absent. */
  hostCa?: boolean | undefined;
  auth?: Readonly<Record<string, RegistryAuth>> | undefined;
  signal?: AbortSignal | undefined;
}

/** `POST /build` with a context as tar archive. */
export async function* buildImage(
  client: Client,
  context: AsyncIterable<Uint8Array>,
  request: BuildRequest = {},
): AsyncGenerator<ProgressMessage> {
  const query = {
    t: request.tags,
    dockerfile: request.dockerfile,
    buildargs: json(request.buildArgs),
    labels: json(request.labels),
    target: request.target,
    nocache: request.noCache,
    pull: request.pull,
    q: request.quiet,
    rm: true,
    forcerm: true,
    networkmode: request.networkMode,
    platform: request.platform,
    extrahosts: request.extraHosts?.join(','),
    shmsize: request.shmBytes,
    memory: request.memoryBytes,
    cpuquota: request.cpuQuota,
    ulimits: request.ulimits !== undefined && request.ulimits.length > 0 ? JSON.stringify(request.ulimits) : undefined,
    remote: request.remote,
    hostca: request.hostCa === undefined ? undefined : request.hostCa ? '1' : '0',
  };
  const headers = request.auth === undefined ? {} : { 'X-Registry-Config': formatRegistryConfig(request.auth) };
  const { body } = await client.send('POST', '/build', { query, headers, stream: context, signal: request.signal });
  yield* readProgress(body);
}

/** `POST /build/prune` */
export async function pruneBuilds(
  client: Client,
  { all, filters }: { all?: boolean; filters?: FilterTable } = {},
): Promise<PruneAnswer> {
  return callJson(client, ['POST', '/build/prune'], { query: { all, filters: formatFilters(filters) } });
}

function json(table: Readonly<Record<string, string | null>> | undefined): string | undefined {
  return table === undefined || Object.keys(table).length === 0 ? undefined : JSON.stringify(table);
}
