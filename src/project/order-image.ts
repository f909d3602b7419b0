import { randomUUID } from 'node:crypto';
import type { BuildLine } from '#api/build-order.ts';
import { buildImage } from '#client/builds.ts';
import { orderBuild } from '#client/build-order.ts';
import type { Client } from '#client/transport.ts';
import { InternalError, NotFoundError } from '#lib/errors.ts';

export interface ImageOrder {
  tag: string;
  labels: Readonly<Record<string, string>>;
  noCache: boolean;
  /** Installed packages become layers of their own, where the engine can. */
  splitPackages: boolean;
  signal?: AbortSignal | undefined;
}

/**
 * Builds an image of a context, and tells it as the classic protocol's text. An engine of another kind builds by that protocol.
 * @param pack makes the context's archive anew
 * @throws {InternalError} when a step fails
 */
export async function* orderImage(
  client: Client,
  pack: () => AsyncIterable<Uint8Array>,
  { tag, labels, noCache, splitPackages, signal }: ImageOrder,
): AsyncGenerator<string> {
  const order = {
    ref: randomUUID(),
    context: { kind: 'body' },
    dockerfile: { name: 'Dockerfile' },
    tags: [tag],
    labels,
    noCache,
    packages: { split: splitPackages },
  } as const;
  const names = new Map<string, string>();
  try {
    for await (const line of orderBuild(client, order, { context: pack(), signal })) yield* textOf(line, names);
  } catch (error) {
    if (!(error instanceof NotFoundError) || names.size > 0) throw error;
    for await (const { stream } of buildImage(client, pack(), { tags: [tag], labels, noCache, signal }))
      if (stream !== undefined) yield stream;
  }
}

/** A step by its instruction, then what it writes. */
function* textOf(line: BuildLine, names: Map<string, string>): Generator<string> {
  if (line.kind === 'failed') {
    const { message, why, hint } = line;
    throw new InternalError(message, { ...(why !== undefined && { why }), ...(hint !== undefined && { hint }) });
  }
  if (line.kind === 'started') {
    const [, place, text] = /^\[(?!internal\b)(?:[^\]]* )?(\d+\/\d+)\] (.*)$/s.exec(line.name) ?? [];
    names.set(line.vertex, text ?? '');
    if (text !== undefined) yield `Step ${place} : ${text}\n`;
  } else if (line.kind === 'log') yield Buffer.from(line.bytes, 'base64').toString('utf8');
  else if (line.kind === 'completed' && names.get(line.vertex) !== '')
    yield line.isCached ? ' ---> Using cache\n' : ' ---> done\n';
}
