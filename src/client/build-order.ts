import type { Readable } from 'node:stream';
import { BUILD_ORDER_HEADER, type BuildLine, type BuildOrder, writeBuildOrder } from '#api/build-order.ts';
import { readJsonLines } from './json-lines.ts';
import type { Client } from './transport.ts';

/**
 * `POST /berth/build`: what a build tells, line by line; the last one is `done` or `failed`.
 * @param context a tar archive, if the order says that it comes with it
 * @throws {NotFoundError} from an engine of another kind; {ConflictError} if it does not see a folder of the order; {InvalidArgumentError} for
 * what is wrong with the order or the Dockerfile
 */
export async function* orderBuild(
  client: Client,
  order: BuildOrder,
  { context, signal }: { context?: AsyncIterable<Uint8Array> | undefined; signal?: AbortSignal | undefined } = {},
): AsyncGenerator<BuildLine> {
  const headers = { [BUILD_ORDER_HEADER]: writeBuildOrder(order) };
  const { body } = await client.send('POST', '/berth/build', { headers, stream: context, signal });
  yield* readJsonLines<BuildLine>(body);
}

/** `GET /berth/build/{ref}/outputs/{number}`: an output that a line has announced. */
export async function fetchOutput(
  client: Client,
  { ref, number, signal }: { ref: string; number: number; signal?: AbortSignal | undefined },
): Promise<Readable> {
  const { body } = await client.send('GET', `/berth/build/${ref}/outputs/${number}`, { signal });
  return body;
}
