import { connect } from 'node:net';
import { once } from 'node:events';
import { stat } from 'node:fs/promises';
import { isAbsolute } from 'node:path';
import type { BuildOrder, HostFolder, OrderedPlace } from '#api/build-order.ts';
import type { BuildRequest, Entitlement } from '#engine/builder/request.ts';
import type { CacheSpec } from '#engine/builder/cache/cache-spec.ts';
import { folderStore } from '#engine/builder/cache/folder-store.ts';
import type { OutputSink, OutputSpec } from '#engine/builder/export/output-spec.ts';
import { rewriteTimes } from '#engine/builder/export/rewrite-times.ts';
import type { SecretSource, SshSource } from '#engine/builder/sources/client-sources.ts';
import type { ContextSource, NamedContext } from '#engine/builder/sources/context-source.ts';
import { folderContext } from '#engine/builder/sources/folder-context.ts';
import { addressedContext, namedContext } from '#engine/builder/sources/named-context.ts';
import { tarContext } from '#engine/builder/sources/tar-context.ts';
import { packTree } from '#engine/snapshots/tree/pack-tree.ts';
import { ConflictError, InvalidArgumentError, NotFoundError } from '#lib/errors.ts';
import { openRoot } from '#lib/files/open-root.ts';
import { parsePlatform } from '#oci/parse-platform.ts';
import { familiarName, parseReference, withDefaultTag } from '#oci/reference.ts';

export interface Ordering {
  /** The context, where it comes with the order. */
  body(): AsyncIterable<Uint8Array>;
  signal: AbortSignal;
  /** The client is on another host. */
  isRemote: boolean;
  /** Lets the client fetch an output; settles when it has all. */
  offer(number: number, output: OfferedOutput): Promise<void>;
}

export interface OfferedOutput {
  bytes: AsyncIterable<Uint8Array>;
  form: 'archive' | 'tree';
  /** What the client's folder has besides stays. */
  keep: boolean;
}

/** An order as the builder takes it. @throws {InvalidArgumentError}; {ConflictError} for a folder that is another one here */
export async function orderedRequest(order: BuildOrder, ordering: Ordering): Promise<BuildRequest> {
  const { tags = [], outputs = [], packages = {}, noCache = false } = order;
  return {
    ref: order.ref,
    context: await contextOf(order, ordering),
    dockerfile: order.dockerfile,
    namedContexts: await namedContextsOf(order),
    buildArgs: new Map(Object.entries(order.buildArgs ?? {})),
    labels: new Map(Object.entries(order.labels ?? {})),
    target: order.target ?? '',
    noCache: noCache === true ? 'all' : noCache === false ? [] : noCache,
    pull: order.pull ?? false,
    platforms: (order.platforms ?? []).map((text) => parsePlatform(text)),
    multiPlatform: (order.platforms ?? []).length > 1,
    hostCa: order.hostCa ?? true,
    limits: { networkMode: 'bridge', extraHosts: [], ...order.limits },
    entitlements: new Set((order.entitlements ?? []).map(entitlementOf)),
    credentials: async (domain) => order.credentials?.[domain],
    secrets: secretsOf(order),
    ssh: sshOf(order),
    cacheFrom: (order.cacheFrom ?? []).map(cacheOf),
    cacheTo: (order.cacheTo ?? []).map(cacheOf),
    outputs:
      outputs.length === 0
        ? [{ type: 'image', attributes: new Map([['name', tags.map(tagOf).join(',')]]) }]
        : outputs.map((place, number) => outputOf(place, { number, tags, ordering })),
    attestations: attestationsOf(order),
    packages: {
      implicitCaches: packages.implicitCaches ?? true,
      split: packages.split ?? false,
      ...(packages.locked !== undefined && { locked: packages.locked }),
    },
    check: order.check ?? 'warn',
    explain: order.explain ?? false,
    guardNetwork: ordering.isRemote,
    ignored: [],
    signal: ordering.signal,
  };
}

async function contextOf({ context }: BuildOrder, ordering: Ordering): Promise<ContextSource> {
  if (context.kind === 'body') return tarContext(ordering.body());
  if (context.kind === 'remote') return addressedContext(context.address);
  await checkFolder(context);
  return folderContext(context.folder);
}

async function namedContextsOf({ namedContexts = {} }: BuildOrder): Promise<Map<string, NamedContext>> {
  const found = new Map<string, NamedContext>();
  for (const [name, place] of Object.entries(namedContexts)) {
    if (typeof place === 'string') found.set(name.toLowerCase(), namedContext(place));
    else {
      await checkFolder(place);
      found.set(name.toLowerCase(), { kind: 'files', source: folderContext(place.folder) });
    }
  }
  return found;
}

/** The client may sit in another mount namespace, or on another host behind a forwarded socket. */
async function checkFolder({ folder, device, inode }: HostFolder): Promise<void> {
  const facts = await stat(folder, { bigint: true }).catch(() => undefined);
  if (facts?.isDirectory() === true && `${facts.dev}` === device && `${facts.ino}` === inode) return;
  throw new ConflictError(`the engine does not see the folder ${folder}`, {
    why: 'it is on another host, or in a container of its own',
    hint: 'send the context instead',
  });
}

const ENTITLEMENTS: readonly Entitlement[] = ['network.host', 'security.insecure', 'device'];

function entitlementOf(name: string): Entitlement {
  const found = ENTITLEMENTS.find((known) => known === name);
  if (found !== undefined) return found;
  throw new InvalidArgumentError(`there is no entitlement ${name}`, { hint: `one of ${ENTITLEMENTS.join(', ')}` });
}

function secretsOf({ secrets = {} }: BuildOrder): SecretSource {
  return {
    async get(id) {
      const text = Object.hasOwn(secrets, id) ? secrets[id] : undefined;
      return text === undefined ? undefined : Buffer.from(text, 'base64');
    },
  };
}

function sshOf({ ssh = {} }: BuildOrder): SshSource {
  const pathOf = (id: string): string => {
    const path = Object.hasOwn(ssh, id) ? ssh[id] : undefined;
    if (path !== undefined) return path;
    throw new NotFoundError(`no SSH agent ${id} is forwarded to this build`, { hint: `build with --ssh ${id}` });
  };
  return {
    check: async (id) => void pathOf(id),
    async connect(id, signal) {
      const socket = connect({ path: pathOf(id), signal, allowHalfOpen: true });
      await once(socket, 'connect');
      return socket;
    },
  };
}

function cacheOf({ type, attributes }: OrderedPlace): CacheSpec {
  if (type !== 'inline' && type !== 'registry' && type !== 'local')
    throw new InvalidArgumentError(`there is no cache of the type ${type}`, { hint: 'inline, registry or local' });
  const given = new Map(Object.entries(attributes));
  const folder = given.get('src') ?? given.get('dest') ?? '';
  if (type !== 'local') return { type, attributes: given };
  if (!isAbsolute(folder))
    throw new InvalidArgumentError(`a local cache needs an absolute path, not ${JSON.stringify(folder)}`, {
      hint: '--cache-from type=local,src=FOLDER or --cache-to type=local,dest=FOLDER',
    });
  return { type, attributes: given, store: folderStore(folder) };
}

function outputOf(
  { type, attributes }: OrderedPlace,
  { number, tags, ordering }: { number: number; tags: readonly string[]; ordering: Ordering },
): OutputSpec {
  const given = new Map(Object.entries(attributes));
  if (!given.has('name') && tags.length > 0) given.set('name', tags.map(tagOf).join(','));
  if (type === 'registry') return { type: 'image', attributes: given.set('push', 'true') };
  if (type === 'image' || type === 'cacheonly') return { type, attributes: given };
  if (type !== 'docker' && type !== 'oci' && type !== 'local' && type !== 'tar')
    throw new InvalidArgumentError(`there is no output of the type ${type}`, {
      hint: 'image, registry, docker, oci, local, tar or cacheonly',
    });
  return { type, attributes: given, sink: sinkOf(number, ordering) };
}

function sinkOf(number: number, ordering: Ordering): OutputSink {
  const { signal } = ordering;
  return {
    stream: (bytes) => ordering.offer(number, { bytes, form: 'archive', keep: true }),
    async tree(folder, { keep, time }) {
      using root = openRoot(folder, { links: 'refuse' });
      const packed = packTree(root, '', { signal });
      const bytes = time === undefined ? packed : rewriteTimes(packed, () => BigInt(time) * 1_000_000_000n);
      await ordering.offer(number, { bytes, form: 'tree', keep });
    },
  };
}

function tagOf(tag: string): string {
  return familiarName(withDefaultTag(parseReference(tag)));
}

function attestationsOf({ attestations = {} }: BuildOrder): BuildRequest['attestations'] {
  const found = new Map<'sbom' | 'provenance', ReadonlyMap<string, string>>();
  for (const [kind, attributes] of Object.entries(attestations)) {
    if (kind !== 'sbom' && kind !== 'provenance')
      throw new InvalidArgumentError(`there is no attestation ${kind}`, { hint: 'sbom or provenance' });
    found.set(kind, new Map(Object.entries(attributes)));
  }
  return found;
}
