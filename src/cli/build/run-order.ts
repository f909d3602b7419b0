import type { BuildLine, BuildOrder, OrderedPlace } from '#api/build-order.ts';
import { fetchOutput, orderBuild } from '#client/build-order.ts';
import type { Client } from '#client/transport.ts';
import { CancelledError, ConflictError, InternalError } from '#lib/errors.ts';
import type { Output } from '../output/output.ts';
import { deliverOutput } from './deliver-output.ts';
import type { BuildView } from './show-build.ts';

/** What a build came to. */
export type BuiltLine = Extract<BuildLine, { kind: 'done' }>;

/** A step of the Dockerfile failed, or the build could not go on. */
export class BuildFailure extends InternalError {
  /** Of the process of the step, where that is what failed. */
  exitCode: number | undefined;
}

export interface Running {
  client: Client;
  output: Output;
  view: BuildView;
  /** The context as an archive, for an engine that does not see the folder. */
  archive: AsyncIterable<Uint8Array>;
  signal: AbortSignal;
}

/** Runs an order to its end, and puts its outputs where they are wanted. @throws {BuildFailure}; what `orderBuild` throws */
export async function runOrder(order: BuildOrder, running: Running): Promise<BuiltLine> {
  try {
    return await follow(order, running, order.context.kind === 'body' ? running.archive : undefined);
  } catch (error) {
    if (running.signal.aborted) throw new CancelledError('the build was cancelled', { cause: error });
    if (!(error instanceof ConflictError) || order.context.kind !== 'folder') throw error;
    return await follow({ ...order, context: { kind: 'body' } }, running, running.archive);
  }
}

async function follow(
  order: BuildOrder,
  { client, output, view, signal }: Running,
  context: AsyncIterable<Uint8Array> | undefined,
): Promise<BuiltLine> {
  const deliveries: Promise<void>[] = [];
  const deliver = async (line: Extract<BuildLine, { kind: 'output' }>, place: OrderedPlace): Promise<void> => {
    const body = await fetchOutput(client, { ref: order.ref, number: line.number, signal });
    await deliverOutput(body, line, { place, output });
  };
  for await (const line of orderBuild(client, order, { context, signal })) {
    view.add(line);
    const place = line.kind === 'output' ? order.outputs?.[line.number] : undefined;
    if (line.kind === 'output' && place !== undefined) {
      const delivery = deliver(line, place);
      delivery.catch(() => {}); // thrown below, unless the build itself tells why it ended
      deliveries.push(delivery);
    }
    if (line.kind === 'failed') throw failure(line);
    if (line.kind !== 'done') continue;
    await Promise.all(deliveries);
    return line;
  }
  await Promise.all(deliveries);
  throw new InternalError('the engine ended the build without a word', {
    why: 'its connection was closed',
    hint: 'look at its log, and build again',
  });
}

function failure({ message, why, hint, exitCode }: Extract<BuildLine, { kind: 'failed' }>): BuildFailure {
  const error = new BuildFailure(message, {
    ...(why !== undefined && { why }),
    ...(hint !== undefined && { hint }),
  });
  error.exitCode = exitCode;
  return error;
}
