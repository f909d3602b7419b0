import { decodeMessage } from '#lib/protobuf/decode.ts';
import { encodeMessage } from '#lib/protobuf/encode.ts';
import type { MessageOf, Partly } from '#lib/protobuf/message.ts';
import { sha256 } from '#lib/sha256.ts';
import type { Platform } from '#oci/platform.ts';
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
