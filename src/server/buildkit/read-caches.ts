import type { CacheSpec } from '#engine/builder/cache/cache-spec.ts';
import { InvalidArgumentError, NotImplementedError } from '#lib/errors.ts';
import type { FrontendCall } from './frontend-call.ts';
import type { Session } from './sessions.ts';

type Place = FrontendCall['cacheImports'][number];
type Call = Pick<FrontendCall, 'order' | 'options' | 'session' | 'cacheImports'>;

const TYPES = ['inline', 'registry', 'local'] as const;

/** Where results of earlier builds may be: what is of no type that is known has nothing for us, as when it is empty. */
export function cacheSources(call: Call): CacheSpec[] {
  return sourcePlaces(call).flatMap((place) => {
    const type = typeOf(place);
    return type === undefined ? [] : [specOf(type, { place, session: call.session, side: 'src' })];
  });
}

/** Those that are passed over, as people write them. */
export function unknownCacheSources(call: Call): string[] {
  const unknown = sourcePlaces(call).filter((place) => typeOf(place) === undefined);
  return unknown.map(({ type }) => `--cache-from type=${type}`);
}

function sourcePlaces({ order, options, cacheImports }: Call): Place[] {
  const deprecated = (order.cache?.importRefsDeprecated ?? []).map(registryPlace);
  const places = [
    ...(order.cache?.imports ?? []),
    ...deprecated,
    ...cacheImports,
    ...(options.get('cache-from') ?? '')
      .split(',')
      .filter((ref) => ref !== '')
      .map(registryPlace),
    ...readImports(options.get('cache-imports')),
  ];
  return [...new Map(places.map((place) => [keyOf(place), place])).values()];
}

/** Where results are put. @throws {NotImplementedError} for a type that is not known */
export function cacheTargets({ order, session }: Call): CacheSpec[] {
  return (order.cache?.exports ?? []).map((place) => {
    const type = typeOf(place);
    if (type === undefined)
      throw new NotImplementedError(`a cache of the type ${place.type} is not supported`, {
        hint: `one of ${TYPES.join(', ')}`,
      });
    return specOf(type, { place, session, side: 'dest' });
  });
}

/** The same for the same place, whatever the order in which its attributes came. */
function keyOf({ type, attributes }: Place): string {
  return JSON.stringify([type, ...[...attributes].toSorted(([a], [b]) => (a < b ? -1 : 1))]);
}

function registryPlace(ref: string): Place {
  return { type: 'registry', attributes: new Map([['ref', ref]]) };
}

function typeOf({ type }: Place): CacheSpec['type'] | undefined {
  return TYPES.find((known) => known === type);
}

/** The folder of a local cache is a store that the client offers under its path. */
function specOf(
  type: CacheSpec['type'],
  { place, session, side }: { place: Place; session: Session | undefined; side: 'src' | 'dest' },
): CacheSpec {
  const { attributes } = place;
  const path = attributes.get(side);
  if (type !== 'local' || session === undefined || path === undefined) return { type, attributes };
  return { type, attributes, store: session.store(`local:${path}`) };
}

/** JSON: `[{"Type":"registry","Attrs":{"ref":"…"}}]`. @throws {InvalidArgumentError} */
function readImports(text: string | undefined): Place[] {
  if (text === undefined || text === '') return [];
  const broken = new InvalidArgumentError('cache-imports is broken', { why: 'it is no list of caches in JSON' });
  let list: unknown;
  try {
    list = JSON.parse(text);
  } catch {
    throw broken;
  }
  if (!Array.isArray(list)) throw broken;
  return list.map((item: { Type?: unknown; Attrs?: unknown } | null) => {
    const { Type: type, Attrs: attributes } = item ?? {};
    if (typeof type !== 'string' || typeof attributes !== 'object') throw broken;
    return {
      type,
      attributes: new Map(Object.entries(attributes ?? {}).map(([name, value]) => [name, String(value)])),
    };
  });
}
