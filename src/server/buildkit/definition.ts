import { parseGitReference } from '#dockerfile/git-reference.ts';
import { gitContext } from '#engine/builder/sources/git-context.ts';
import { httpContext } from '#engine/builder/sources/http-context.ts';
import { decodeMessage } from '#lib/protobuf/decode.ts';
import { encodeMessage } from '#lib/protobuf/encode.ts';
import type { MessageOf, Partly } from '#lib/protobuf/message.ts';
import { sha256 } from '#lib/sha256.ts';
import type { Platform } from '#oci/platform.ts';
import type { SourcePlace } from './fetched-sources.ts';
import { DEFINITION, OP } from './messages/common.ts';
import { platformToWire } from './worker.ts';

/** How a source is called that is the result of a build of ours. */
const RESULT = 'berth-result://';

/**
 * A graph that stands for a result: clients hand it back unread as the input of another build.
 * It has one operation, the result, and its end.
 */
export function definitionOf(id: string, platform: Platform): Partly<MessageOf<typeof DEFINITION>> {
  const source = encodeMessage(OP, { source: { identifier: `${RESULT}${id}` }, platform: platformToWire(platform) });
  const end = encodeMessage(OP, { inputs: [{ digest: sha256(source), index: 0 }] });
  return { def: [source, end], metadata: new Map([source, end].map((op) => [sha256(op), {}])) };
}

/** The id of the result that a graph stands for; undefined if it is some other graph. */
export function resultIdOf({ def }: Pick<MessageOf<typeof DEFINITION>, 'def'>): string | undefined {
  const sources = def.map((bytes) => decodeMessage(OP, bytes).source).filter((source) => source !== undefined);
  const [only, ...more] = sources;
  if (only === undefined || more.length > 0 || def.length > 2) return undefined;
  return only.identifier.startsWith(RESULT) ? only.identifier.slice(RESULT.length) : undefined;
}

/** A repository or file that a graph fetches and does nothing with; undefined if it is some other graph. */
export function sourcePlaceOf({ def }: Pick<MessageOf<typeof DEFINITION>, 'def'>): SourcePlace | undefined {
  const ops = def.map((bytes) => decodeMessage(OP, bytes));
  const [only, ...more] = ops.filter((op) => op.source !== undefined);
  if (only?.source === undefined || more.length > 0 || def.length > 2 || only.inputs.length > 0) return undefined;
  const { identifier, attributes } = only.source;
  if (/^https?:\/\//.test(identifier)) {
    const fileName = attributes.get('http.filename') ?? identifier.slice(identifier.lastIndexOf('/') + 1);
    return { source: httpContext(identifier), fileName };
  }
  if (!identifier.startsWith('git://')) return undefined;
  const [place = '', fragment] = identifier.split('#', 2);
  const remote = attributes.get('git.fullurl') ?? place.replace(/^git/, 'https');
  const address = fragment === undefined ? remote : `${remote}#${fragment}`;
  const reference = parseGitReference(address);
  return reference === undefined ? undefined : { source: gitContext(reference), fileName: undefined };
}
