import { randomUUID } from 'node:crypto';
import { parseRegistryConfig, type RegistryAuth } from '#api/auth-header.ts';
import { queryFlag, queryInteger } from '#api/query.ts';
import type { CacheSpec } from '#engine/builder/cache/cache-spec.ts';
import { NO_SECRETS, NO_SSH } from '#engine/builder/sources/client-sources.ts';
import { addressedContext } from '#engine/builder/sources/named-context.ts';
import { tarContext } from '#engine/builder/sources/tar-context.ts';
import type { OutputSpec } from '#engine/builder/export/output-spec.ts';
import type { RunLimits } from '#api/run-limits.ts';
import type { BuildRequest, Credentials } from '#engine/builder/request.ts';
import { InvalidArgumentError, NotImplementedError } from '#lib/errors.ts';
import { parsePlatform } from '#oci/parse-platform.ts';
import { familiarName, parseReference, withDefaultTag } from '#oci/reference.ts';
import { isRemote } from '../is-remote.ts';
import { readExporters } from '../buildkit/read-exporters.ts';
import type { Session } from '../buildkit/sessions.ts';
import type { Call } from '../route.ts';

/**
 * The query and body of `POST /build`. Over a session come files, secrets, agents and credentials, and files go out, as docker 20.10 has it.
 * @throws {InvalidArgumentError} {NotImplementedError}
 */
export function parseBuildRequest(
  call: Call,
  { signal, session }: { signal: AbortSignal; session: Session | undefined },
): BuildRequest {
  const { query, request } = call;
  refuseUnsupported(query, session);
  const platform = query.get('platform') ?? '';
  const remote = query.get('remote') ?? '';
  return {
    ref: query.get('buildid') || randomUUID(),
    ...filesOf(call, remote === CLIENT_SESSION ? session : undefined),
    namedContexts: new Map(),
    buildArgs: mapOf(query, 'buildargs'),
    labels: mapOf(query, 'labels'),
    target: query.get('target') ?? '',
    noCache: queryFlag(query, 'nocache') ? 'all' : [],
    pull: queryFlag(query, 'pull'),
    platforms: platform === '' ? [] : [parsePlatform(platform)],
    multiPlatform: false,
    hostCa: queryFlag(query, 'hostca', true),
    limits: limitsOf(query),
    entitlements: new Set(),
    credentials: credentialsOf(parseRegistryConfig(request.headers['x-registry-config']), session),
    secrets: session?.secrets ?? NO_SECRETS,
    ssh: session?.ssh ?? NO_SSH,
    cacheFrom: cacheSourcesOf(query),
    cacheTo: [],
    outputs: outputsOf(query, session),
    attestations: new Map(),
    packages: { implicitCaches: true, split: false },
    check: 'warn',
    guardNetwork: isRemote(request),
    history: 'classic',
    ignored: ignoredOf(query),
    signal,
  };
}

/** Under this name clients keep the credentials of Docker Hub. */
const DOCKER_HUB = 'https://index.docker.io/v1/';

function credentialsOf(byRegistry: Readonly<Record<string, RegistryAuth>>, session: Session | undefined): Credentials {
  return async (domain) => byRegistry[domain === 'docker.io' ? DOCKER_HUB : domain] ?? session?.credentials(domain);
}

/** What stands for a place of the context where the client offers its files over the session. */
const CLIENT_SESSION = 'client-session';

function filesOf(call: Call, session: Session | undefined): Pick<BuildRequest, 'context' | 'dockerfile'> {
  const name = call.query.get('dockerfile') || 'Dockerfile';
  if (session !== undefined)
    return { context: session.files('context'), dockerfile: { name, source: session.files('dockerfile') } };
  const remote = call.query.get('remote') ?? '';
  return { context: remote === '' ? tarContext(call.body()) : addressedContext(remote), dockerfile: { name } };
}

function outputsOf(query: URLSearchParams, session: Session | undefined): OutputSpec[] {
  const given = jsonOf(query, 'outputs');
  if (!Array.isArray(given) || given.length === 0)
    return [{ type: 'image', attributes: new Map([['name', tagsOf(query).join(',')]]) }];
  const exporters = given.map((item: { Type?: unknown; Attrs?: unknown } | null) => {
    const { Type: type, Attrs: attributes } = item ?? {};
    if (typeof type !== 'string') throw new InvalidArgumentError('error reading build outputs: Type is needed');
    const pairs = Object.entries(attributes ?? {}).map(([key, value]): [string, string] => [key, String(value)]);
    return { type, attributes: new Map(pairs) };
  });
  const order = { exporters, exporterDeprecated: '', exporterAttributesDeprecated: new Map<string, string>() };
  return readExporters({ order, session });
}

function refuseUnsupported(query: URLSearchParams, session: Session | undefined): void {
  if (queryFlag(query, 'squash'))
    throw new NotImplementedError('squash is not supported', { hint: 'build with several stages instead' });
  if (query.get('remote') === CLIENT_SESSION && session === undefined)
    throw new InvalidArgumentError('a context over a session needs a session', {
      why: 'remote=client-session was asked for, without version=2 and session=ID',
      hint: 'send the context as a tar',
    });
  if (query.get('remote') === 'upload-request')
    throw new NotImplementedError('an archive from standard input is not taken beside a session', {
      why: 'the client wants to send it with a second request',
      hint: 'build with docker buildx, or with DOCKER_BUILDKIT=0',
    });
  const outputs = query.get('outputs') ?? '';
  if (session === undefined && outputs !== '' && outputs !== '[]' && outputs !== 'null')
    throw new NotImplementedError('other outputs than the image store need BuildKit', {
      hint: 'build with docker buildx, or with berth build --output',
    });
}

/** Settings without effect here, where they are more than the client's defaults. */
const IGNORED: Readonly<Record<string, string>> = {
  securityopt: '--security-opt',
  isolation: '--isolation',
};

function ignoredOf(query: URLSearchParams): string[] {
  const defaults = ['', '0', '-1', '[]', 'null', 'default'];
  return Object.entries(IGNORED)
    .filter(([name]) => query.getAll(name).some((value) => !defaults.includes(value)))
    .map(([, flag]) => flag);
}

function tagsOf(query: URLSearchParams): string[] {
  const tags = query.getAll('t').filter((tag) => tag !== '');
  const names = tags.map((tag) => {
    const reference = parseReference(tag);
    if (reference.digest !== undefined)
      throw new InvalidArgumentError('build tag cannot contain a digest', { why: `${tag} has one` });
    return familiarName(withDefaultTag(reference));
  });
  return [...new Set(names)];
}

/** A JSON object of texts; null means "not given". */
function mapOf(query: URLSearchParams, name: string): Map<string, string> {
  const value = jsonOf(query, name);
  if (value === undefined || value === null) return new Map();
  if (typeof value !== 'object' || Array.isArray(value))
    throw new InvalidArgumentError(`error reading build ${name}: not an object`);
  const found = new Map<string, string>();
  for (const [key, item] of Object.entries(value)) {
    if (item === null) continue;
    if (typeof item !== 'string') throw new InvalidArgumentError(`error reading build ${name}: ${key} is no text`);
    found.set(key, item);
  }
  return new Map([...found].toSorted(([a], [b]) => (a < b ? -1 : 1)));
}

function jsonOf(query: URLSearchParams, name: string): unknown {
  const text = query.get(name) ?? '';
  if (text === '') return undefined;
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new InvalidArgumentError(`error reading build ${name}: not JSON`, { cause: error });
  }
}

function limitsOf(query: URLSearchParams): RunLimits {
  const numbers = {
    shmBytes: queryInteger(query, 'shmsize'),
    memoryBytes: queryInteger(query, 'memory'),
    cpuQuota: queryInteger(query, 'cpuquota'),
    cpuPeriod: queryInteger(query, 'cpuperiod'),
    cpuShares: queryInteger(query, 'cpushares'),
    memorySwapBytes: queryInteger(query, 'memswap'),
  };
  const given = Object.entries(numbers).filter(
    ([name, value]) => value !== undefined && (value > 0 || (name === 'memorySwapBytes' && value === -1)),
  );
  const texts = {
    cpusetCpus: query.get('cpusetcpus') ?? '',
    cpusetMems: query.get('cpusetmems') ?? '',
    cgroupParent: query.get('cgroupparent') ?? '',
  };
  const networkMode = query.get('networkmode') ?? '';
  return {
    ...Object.fromEntries(given),
    ...Object.fromEntries(Object.entries(texts).filter(([, value]) => value !== '')),
    networkMode: networkMode === '' || networkMode === 'default' ? 'bridge' : networkMode,
    extraHosts: query
      .getAll('extrahosts')
      .flatMap((hosts) => hosts.split(','))
      .filter((host) => host !== ''),
    ulimits: ulimitsOf(query),
  };
}

/** Images whose steps may be taken over. */
function cacheSourcesOf(query: URLSearchParams): CacheSpec[] {
  const value = jsonOf(query, 'cachefrom');
  if (value === undefined || value === null) return [];
  if (!Array.isArray(value) || !value.every((item): item is string => typeof item === 'string'))
    throw new InvalidArgumentError('error reading build cachefrom: not an array of names');
  return value.map((ref) => ({ type: 'registry', attributes: new Map([['ref', ref]]) }));
}

function ulimitsOf(query: URLSearchParams): NonNullable<RunLimits['ulimits']> {
  const value = jsonOf(query, 'ulimits');
  if (value === undefined || value === null) return [];
  if (!Array.isArray(value)) throw new InvalidArgumentError('error reading build ulimits: not an array');
  return value.map((item: { Name?: unknown; Soft?: unknown; Hard?: unknown } | null) => {
    const { Name: name, Soft: soft, Hard: hard } = item ?? {};
    if (typeof name !== 'string' || typeof soft !== 'number' || typeof hard !== 'number')
      throw new InvalidArgumentError('error reading build ulimits: Name, Soft and Hard are needed');
    return { name, soft, hard };
  });
}
