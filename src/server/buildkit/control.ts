import type { CallContext } from '#lib/grpc/method.ts';
import { bothWays, type Method, serverStream, unary } from '#lib/grpc/method.ts';
import { NotImplementedError } from '#lib/errors.ts';
import { buildFrontend } from './build-frontend.ts';
import { StatusError } from './describe-error.ts';
import { historyMethods, recordedStatus } from './history.ts';
import { EMPTY } from './messages/common.ts';
import {
  BYTES_MESSAGE,
  INFO_RESPONSE,
  LIST_WORKERS_REQUEST,
  LIST_WORKERS_RESPONSE,
  SOLVE_REQUEST,
  SOLVE_RESPONSE,
  STATUS_REQUEST,
  STATUS_RESPONSE,
} from './messages/control.ts';
import type { Order, RunningBuild } from './running-build.ts';
import type { BuildkitContext } from './services.ts';
import type { StatusPieces } from './status-events.ts';
import { tunnel } from './tunnel.ts';
import { usageMethods } from './usage.ts';
import { BUILDKIT_VERSION } from './worker.ts';

const SERVICE = '/moby.buildkit.v1.Control/';

/** moby.buildkit.v1.Control: builds as a whole, what they leave, who does them. */
export function controlMethods(context: BuildkitContext): [path: string, method: Method][] {
  const { sessions, worker } = context;
  return [
    [
      `${SERVICE}ListWorkers`,
      unary({ request: LIST_WORKERS_REQUEST, answer: LIST_WORKERS_RESPONSE }, async () => ({
        record: [await worker.record()],
      })),
    ],
    [
      `${SERVICE}Info`,
      unary({ request: EMPTY, answer: INFO_RESPONSE }, async () => ({ buildkitVersion: BUILDKIT_VERSION })),
    ],
    [
      `${SERVICE}Solve`,
      unary({ request: SOLVE_REQUEST, answer: SOLVE_RESPONSE }, async (order, call) => ({
        exporterResponse: await solve(context, order, call),
      })),
    ],
    [
      `${SERVICE}Status`,
      serverStream({ request: STATUS_REQUEST, answer: STATUS_RESPONSE }, ({ ref }, { signal }) =>
        follow(context, ref, signal),
      ),
    ],
    [
      `${SERVICE}Session`,
      bothWays({ request: BYTES_MESSAGE, answer: BYTES_MESSAGE }, (requests, call) =>
        tunnel(requests, call, (socket, headers) => sessions.add(socket, headers)),
      ),
    ],
    ...usageMethods(context, SERVICE),
    ...historyMethods(context, SERVICE),
  ];
}

/** How long an order may be behind the question, before it is looked for among the builds that have ended. */
const ORDER_WAIT_MS = 300;

/** What a build tells, from its beginning; of one that has ended, what it told. @throws {NotFoundError} */
async function* follow(
  { builder, builds }: BuildkitContext,
  ...[ref, signal]: [ref: string, signal: AbortSignal]
): AsyncGenerator<StatusPieces> {
  const running = await builds.get(ref, signal, ORDER_WAIT_MS).catch(() => undefined);
  const isPast = running === undefined && builder.history.list().some((record) => record.ref === ref);
  if (isPast) yield* recordedStatus(builder.history, ref);
  // A question that is not remembered may be answered before its client has asked what it tells.
  else if (running === undefined && builds.hasEnded(ref)) return;
  else yield* (running ?? (await builds.get(ref, signal))).log.follow(signal);
}

/** One build, from its order until what was asked for is delivered. */
async function solve(
  context: BuildkitContext,
  ...[order, call]: [order: Order, call: CallContext]
): Promise<ReadonlyMap<string, string>> {
  const build = context.builds.start({ ...order, isRemote: call.isRemote }, call.signal);
  try {
    refuseUnsupported(order);
    if (order.frontend !== '') build.finish(await solveAtOnce(context, build));
    const ids = await build.finished();
    const exported = await build.export(ids);
    await context.attachments.addResults(
      build,
      ids.map((id) => build.result(id)),
    );
    return exported?.response ?? new Map();
  } catch (thrown) {
    const error = thrown instanceof StatusError ? thrown : build.describe(thrown);
    if (!order.internal) context.attachments.addError(order.ref, error.status);
    throw error;
  } finally {
    build.log.end();
    context.builds.end(build);
  }
}

function refuseUnsupported({ definition, sourcePolicy, sourcePolicySession }: Order): void {
  if (sourcePolicy !== undefined || sourcePolicySession !== '')
    throw new NotImplementedError('source policies are not supported', {
      why: 'the build would run without what the policy forbids being checked',
      hint: 'build without EXPERIMENTAL_BUILDKIT_SOURCE_POLICY and without a policy file beside the Dockerfile',
    });
  if (definition === undefined || definition.def.length === 0) return;
  throw new NotImplementedError('a build from raw LLB is not supported', {
    why: 'this engine builds Dockerfiles itself, not the graphs of other frontends',
    hint: 'build from a Dockerfile',
  });
}

/** A client that does not steer the frontend itself names it in its order. */
async function solveAtOnce(context: BuildkitContext, build: RunningBuild): Promise<string[]> {
  const { order } = build;
  const { results } = await buildFrontend(context, build, {
    frontend: order.frontend,
    options: order.frontendAttributes,
    cacheImports: [],
    definitions: order.frontendInputs,
  });
  return results.map(({ id }) => id);
}
