import { flagOf } from '#engine/builder/export/attributes.ts';
import type { OutputSpec } from '#engine/builder/export/output-spec.ts';
import { InvalidArgumentError, NotImplementedError } from '#lib/errors.ts';
import { canonicalName, parseReference, withDefaultTag } from '#oci/reference.ts';
import type { Order } from './running-build.ts';
import type { Session } from './sessions.ts';

/** What clients call the store that a layout goes to. */
const LAYOUT_STORE = 'export';

/** What a client calls them; `moby` is the engine's own store. */
const TYPES: Readonly<Record<string, OutputSpec['type']>> = {
  moby: 'image',
  image: 'image',
  docker: 'docker',
  oci: 'oci',
  local: 'local',
  tar: 'tar',
  cacheonly: 'cacheonly',
};

type Exporters = Pick<Order, 'exporters' | 'exporterDeprecated' | 'exporterAttributesDeprecated'>;

/** The outputs that a client orders. None: the result stays in the cache. @throws {NotImplementedError} {InvalidArgumentError} */
export function readExporters({ order, session }: { order: Exporters; session: Session | undefined }): OutputSpec[] {
  const { exporters, exporterDeprecated: type, exporterAttributesDeprecated: attributes } = order;
  const given = exporters.length > 0 || type === '' ? exporters : [{ type, attributes }];
  return given.map((exporter, index) => specOf(exporter, { index, session }));
}

function specOf(
  { type, attributes }: Order['exporters'][number],
  { index, session }: { index: number; session: Session | undefined },
): OutputSpec {
  const known = Object.hasOwn(TYPES, type) ? TYPES[type] : undefined;
  if (known === undefined)
    throw new NotImplementedError(`an exporter of the type ${type} is not supported`, {
      hint: `one of ${Object.keys(TYPES).join(', ')}`,
    });
  if (known === 'cacheonly') return { type: known, attributes };
  if (known === 'image') return { type: known, attributes: withFullNames(attributes) };
  if (session === undefined)
    throw new InvalidArgumentError(`the output ${type} goes to the client, and there is no session to it`);
  const isLayout = known === 'oci' && !flagOf(attributes, 'tar', true);
  return {
    type: known,
    attributes,
    sink: session.sink(index),
    ...(isLayout && { store: session.store(LAYOUT_STORE) }),
  };
}

/** Names in full, as clients are told them. What is pushed by its digest keeps its name without a tag. */
function withFullNames(attributes: ReadonlyMap<string, string>): ReadonlyMap<string, string> {
  const names = (attributes.get('name') ?? '').split(',').filter((name) => name !== '');
  if (names.length === 0 || attributes.get('push-by-digest') === 'true') return attributes;
  const full = names.map((name) => canonicalName(withDefaultTag(parseReference(name))));
  return new Map([...attributes, ['name', [...new Set(full)].join(',')]]);
}
