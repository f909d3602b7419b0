import { addressedContext } from '#engine/builder/sources/named-context.ts';
import { NO_SECRETS, NO_SSH } from '#engine/builder/sources/client-sources.ts';
import type { ContextSource, NamedContext } from '#engine/builder/sources/context-source.ts';
import type { BuildRequest, DockerfilePlace, Entitlement } from '#engine/builder/request.ts';
import { InvalidArgumentError, NotImplementedError } from '#lib/errors.ts';
import { parsePlatform } from '#oci/parse-platform.ts';
import { type FrontendCall, needSession } from './frontend-call.ts';
import { cacheSources, cacheTargets, unknownCacheSources } from './read-caches.ts';
import { readExporters } from './read-exporters.ts';
import { readNamedContexts } from './read-named-contexts.ts';
import { readRunLimits } from './read-run-limits.ts';

/** What a call asks for that is no build: `frontend.lint`, `frontend.outline`, …; empty for a build. */
export function subrequestOf({ options }: Pick<FrontendCall, 'options'>): string {
  return options.get('requestid') ?? '';
}

/** A call as the builder takes it. @throws {InvalidArgumentError} {NotImplementedError} */
export function readFrontendOptions(call: FrontendCall, signal: AbortSignal): BuildRequest {
  const { options, session, order } = call;
  refuseUnsupported(call);
  const context = contextOf(call);
  return {
    ref: order.ref,
    context,
    dockerfile: dockerfileOf(call),
    namedContexts: readNamedContexts(call),
    buildArgs: withPrefix(options, 'build-arg:'),
    labels: withPrefix(options, 'label:'),
    target: options.get('target') ?? '',
    noCache: noCacheOf(options),
    pull: options.get('image-resolve-mode') === 'pull',
    platforms: listOf(options.get('platform')).map((text) => parsePlatform(text)),
    multiPlatform: isTrue(options.get('multi-platform') ?? options.get('build-arg:BUILDKIT_MULTI_PLATFORM')),
    hostCa: true,
    guardNetwork: order.isRemote ?? false,
    limits: readRunLimits(options),
    entitlements: new Set(order.entitlements.map(entitlementOf)),
    credentials: session?.credentials ?? (async () => undefined),
    secrets: session?.secrets ?? NO_SECRETS,
    ssh: session?.ssh ?? NO_SSH,
    cacheFrom: cacheSources(call),
    cacheTo: cacheTargets(call),
    outputs: readExporters(call),
    attestations: attestationsOf(options),
    packages: { implicitCaches: true, split: false },
    check: 'warn',
    isInternal: order.internal || subrequestOf(call) !== '',
    asked: options,
    ignored: [...ignoredOf(options), ...unknownCacheSources(call)],
    signal,
  };
}

function refuseUnsupported({ options }: FrontendCall): void {
  const subdir = options.get('contextsubdir') ?? '';
  if (subdir !== '')
    throw new NotImplementedError('contextsubdir is not supported', {
      hint: 'name the folder in the address of the context: <repository>#<ref>:<folder>',
    });
}

/** Where the client keeps what it reads from its standard input. */
const UPLOAD = /^https?:\/\/buildkit-session\//;

function contextOf({ options, session, inputs }: FrontendCall): ContextSource {
  const input = inputs.get('context');
  if (input !== undefined) return filesOf(input, 'context');
  const address = options.get('context') ?? '';
  if (address === '') return needSession(session).files(options.get('contextkey') ?? 'context');
  if (UPLOAD.test(address)) return needSession(session).upload(address);
  if (address.startsWith('local:')) return needSession(session).files(address.slice('local:'.length));
  return addressedContext(address);
}

function filesOf(input: NamedContext, name: string): ContextSource {
  if (input.kind === 'files') return input.source;
  throw new NotImplementedError(`the result of another build cannot be the ${name} of this one`, {
    hint: 'name it as one of its contexts, and copy from that',
  });
}

/** The client's files of that name, or the context if it comes from elsewhere and brings its own. */
function dockerfileOf({ options, session, inputs }: FrontendCall): DockerfilePlace {
  const name = options.get('filename') ?? 'Dockerfile';
  const key = options.get('dockerfilekey');
  const input = key === undefined ? inputs.get('dockerfile') : undefined;
  // With a context of its own it is the same files, and fetched once.
  if (input !== undefined) return inputs.has('context') ? { name } : { name, source: filesOf(input, 'dockerfile') };
  const isOfClient = key !== undefined || (options.get('context') ?? '') === '';
  return isOfClient ? { name, source: needSession(session).files(key ?? 'dockerfile') } : { name };
}

function withPrefix(options: ReadonlyMap<string, string>, prefix: string): Map<string, string> {
  const found = [...options].filter(([name]) => name.startsWith(prefix));
  return new Map(found.map(([name, value]) => [name.slice(prefix.length), value]));
}

function noCacheOf(options: ReadonlyMap<string, string>): BuildRequest['noCache'] {
  const value = options.get('no-cache');
  if (value === undefined) return [];
  return value === '' ? 'all' : listOf(value);
}

function listOf(text: string | undefined): string[] {
  return (text ?? '')
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '');
}

function isTrue(text: string | undefined): boolean {
  return /^(?:1|t|true)$/i.test(text ?? '');
}

const ENTITLEMENTS: readonly Entitlement[] = ['network.host', 'security.insecure', 'device'];

function entitlementOf(text: string): Entitlement {
  const name = text.split('=', 1)[0] ?? '';
  const found = ENTITLEMENTS.find((known) => known === name);
  if (found !== undefined) return found;
  throw new InvalidArgumentError(`unknown entitlement ${text}`, { hint: `one of ${ENTITLEMENTS.join(', ')}` });
}

function attestationsOf(options: ReadonlyMap<string, string>): BuildRequest['attestations'] {
  const found = new Map<'sbom' | 'provenance', ReadonlyMap<string, string>>();
  for (const [kind, text] of withPrefix(options, 'attest:')) {
    if (kind !== 'sbom' && kind !== 'provenance')
      throw new NotImplementedError(`there is no attestation ${kind}`, { hint: 'sbom or provenance' });
    const attributes = readAttributes(text);
    if (!isTrue(attributes.get('disabled'))) found.set(kind, attributes);
  }
  return found;
}

/** `mode=min,inline-only=true`; a name alone is true. */
function readAttributes(text: string): Map<string, string> {
  return new Map(
    listOf(text).map((part) => {
      const equals = part.indexOf('=');
      return equals < 0 ? [part, 'true'] : [part.slice(0, equals), part.slice(equals + 1)];
    }),
  );
}

/** Names that are read, here or by whoever reads build arguments; what begins with these is too. */
const KNOWN = new Set(
  `context contextkey contextsubdir dockerfilekey filename target no-cache image-resolve-mode platform multi-platform
  add-hosts shm-size ulimit memory memswap cpushares cpuperiod cpuquota cpusetcpus cpusetmems cgroup-parent
  force-network-mode hostname cache-from cache-imports requestid frontend.caps source cmdline`.split(/\s+/),
);
const KNOWN_PREFIX = /^(?:build-arg|label|context|input|input-metadata|local-sessionid|attest|vcs):/;

function ignoredOf(options: ReadonlyMap<string, string>): string[] {
  return [...options.keys()].filter((name) => !KNOWN.has(name) && !KNOWN_PREFIX.test(name)).toSorted();
}
