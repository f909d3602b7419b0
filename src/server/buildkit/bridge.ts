import type { GrpcStatus, STATUS } from '#lib/grpc/status.ts';
import { type CallContext, type Method, unary } from '#lib/grpc/method.ts';
import { InvalidArgumentError } from '#lib/errors.ts';
import type { MessageOf, Partly } from '#lib/protobuf/message.ts';
import { formatPlatform } from '#oci/platform.ts';
import { buildFrontend, type Built, SESSION_WAIT_MS } from './build-frontend.ts';
import { FRONTEND_CAPABILITIES, LLB_CAPABILITIES } from './capabilities.ts';
import { definitionOf, resultIdOf, sourcePlaceOf } from './definition.ts';
import { StatusError } from './describe-error.ts';
import type { SourceAccess } from './fetched-sources.ts';
import { type Lookable, lookableResult, readDir, readFile, statFile } from './look-into-result.ts';
import { EMPTY } from './messages/common.ts';
import {
  GATEWAY_SOLVE_REQUEST,
  GATEWAY_SOLVE_RESPONSE,
  INPUTS_RESPONSE,
  PONG,
  READ_DIR_REQUEST,
  READ_DIR_RESPONSE,
  READ_FILE_REQUEST,
  READ_FILE_RESPONSE,
  REF_REQUEST,
  RESOLVE_IMAGE_REQUEST,
  RESOLVE_IMAGE_RESPONSE,
  RESOLVE_SOURCE_REQUEST,
  RESOLVE_SOURCE_RESPONSE,
  type RESULT,
  RETURN_REQUEST,
  STAT_FILE_REQUEST,
  STAT_FILE_RESPONSE,
  WARN_REQUEST,
} from './messages/gateway.ts';
import { resolveImage, resolveSource } from './resolve-image.ts';
import type { BuildResult, RunningBuild } from './running-build.ts';
import type { BuildkitContext } from './services.ts';

const SERVICE = '/moby.buildkit.v1.frontend.LLBBridge/';
/** Metadata that names the build a call belongs to. */
const BUILD_ID = 'buildkit-controlapi-buildid';

/** moby.buildkit.v1.frontend.LLBBridge: a client steers one build. */
export function bridgeMethods(context: BuildkitContext): [path: string, method: Method][] {
  const within = createWithin(context);
  return [
    [
      `${SERVICE}Ping`,
      unary(
        { request: EMPTY, answer: PONG },
        within(async () => pong(context)),
      ),
    ],
    [
      `${SERVICE}Solve`,
      unary(
        { request: GATEWAY_SOLVE_REQUEST, answer: GATEWAY_SOLVE_RESPONSE },
        within(async (build, ask) => solve(context, build, ask)),
      ),
    ],
    [
      `${SERVICE}Return`,
      unary(
        { request: RETURN_REQUEST, answer: EMPTY },
        within(async (build, { result, error }) => {
          if (error !== undefined && error.code !== 0) build.fail(failureOf(error));
          else build.finish(idsOf(result));
          return {};
        }),
      ),
    ],
    // Steps have run when a result has its id.
    [
      `${SERVICE}Evaluate`,
      unary(
        { request: REF_REQUEST, answer: EMPTY },
        within(async (build, { ref }) => {
          if (ref !== '') lookable(build, ref);
          return {};
        }),
      ),
    ],
    ...remarkMethods(within),
    ...resultMethods(within),
    ...imageMethods(context, within),
  ];
}

type Within = <Q, A>(
  handle: (build: RunningBuild, request: Q) => Promise<A>,
) => (request: Q, call: CallContext) => Promise<A>;

/** Finds the build that a call belongs to, and tells errors in its words. */
function createWithin({ builds }: BuildkitContext): Within {
  return (handle) =>
    async (request, { metadata, signal }) => {
      const id = metadata.get(BUILD_ID) ?? '';
      if (id === '') throw new InvalidArgumentError(`the call does not say in ${BUILD_ID} which build it belongs to`);
      const build = await builds.get(id, signal);
      try {
        return await handle(build, request);
      } catch (error) {
        throw error instanceof StatusError ? error : build.describe(error);
      }
    };
}

async function pong({ worker }: BuildkitContext): Promise<Partly<MessageOf<typeof PONG>>> {
  return {
    frontendCapabilities: FRONTEND_CAPABILITIES.map((id) => ({ id, enabled: true })),
    llbCapabilities: LLB_CAPABILITIES.map((id) => ({ id, enabled: true })),
    workers: [await worker.record()],
  };
}

async function solve(
  context: BuildkitContext,
  ...[build, ask]: [build: RunningBuild, ask: MessageOf<typeof GATEWAY_SOLVE_REQUEST>]
): Promise<Partly<MessageOf<typeof GATEWAY_SOLVE_RESPONSE>>> {
  const { frontend, definition } = ask;
  const own = frontend === '' && definition !== undefined ? resultIdOf(definition) : undefined;
  if (own !== undefined) return { result: { ref: refOf(context.builds.result(own)) } };
  const place = frontend === '' && definition !== undefined ? sourcePlaceOf(definition) : undefined;
  if (place !== undefined && definition !== undefined) {
    const id = build.sources.add(place, await accessOf(context, build));
    return { result: { ref: { id, def: definition } } };
  }
  const { frontendOptions: options, cacheImports, frontendInputs: definitions } = ask;
  return { result: toWire(await buildFrontend(context, build, { frontend, options, cacheImports, definitions })) };
}

async function accessOf({ sessions }: BuildkitContext, { order }: RunningBuild): Promise<SourceAccess> {
  const guardNetwork = order.isRemote ?? false;
  if (order.session === '') return { guardNetwork };
  const { secrets, ssh } = await sessions.get(order.session, SESSION_WAIT_MS);
  return { secrets, ssh, guardNetwork };
}

function lookable(build: RunningBuild, id: string): Lookable {
  return build.sources.find(id) ?? lookableResult(build.result(id));
}

function toWire({ results, isMultiPlatform, metadata }: Built): Partly<MessageOf<typeof RESULT>> {
  const [only] = results;
  if (only === undefined) return { metadata };
  if (!isMultiPlatform) return { ref: refOf(only), metadata };
  const refs = results.map((item) => [formatPlatform(item.result.platform), refOf(item)] as const);
  return { refs: { refs: new Map(refs) }, metadata };
}

function refOf({ id, result }: BuildResult): { id: string; def: ReturnType<typeof definitionOf> } {
  return { id, def: definitionOf(id, result.platform) };
}

/** The client's own words for what it failed with, which were ours before. */
function failureOf({ code, message, details }: MessageOf<typeof STATUS>): StatusError {
  const status: GrpcStatus = { code, message, details };
  return new StatusError(status);
}

function idsOf(result: MessageOf<typeof RESULT> | undefined): string[] {
  const refs = [...(result?.refs?.refs.values() ?? [])].map(({ id }) => id);
  return [result?.refDeprecated ?? '', result?.ref?.id ?? '', ...refs].filter((id) => id !== '');
}

/** What a frontend that runs elsewhere asks and tells. */
function remarkMethods(within: Within): [path: string, method: Method][] {
  return [
    // Inputs are taken where the build names them; a frontend of ours does not ask for them.
    [
      `${SERVICE}Inputs`,
      unary(
        { request: EMPTY, answer: INPUTS_RESPONSE },
        within(async () => ({})),
      ),
    ],
    [
      `${SERVICE}Warn`,
      unary(
        { request: WARN_REQUEST, answer: EMPTY },
        within(async ({ log }, { digest, ...warning }) => {
          log.add({ warnings: [{ vertex: digest, ...warning }] });
          return {};
        }),
      ),
    ],
  ];
}

/** Looks into what was built. */
function resultMethods(within: Within): [path: string, method: Method][] {
  return [
    [
      `${SERVICE}ReadFile`,
      unary(
        { request: READ_FILE_REQUEST, answer: READ_FILE_RESPONSE },
        within(async (build, { ref, path, range }) => ({ data: await readFile(lookable(build, ref), path, range) })),
      ),
    ],
    [
      `${SERVICE}ReadDir`,
      unary(
        { request: READ_DIR_REQUEST, answer: READ_DIR_RESPONSE },
        within(async (build, { ref, path, includePattern }) => ({
          entries: await readDir(lookable(build, ref), path, includePattern),
        })),
      ),
    ],
    [
      `${SERVICE}StatFile`,
      unary(
        { request: STAT_FILE_REQUEST, answer: STAT_FILE_RESPONSE },
        within(async (build, { ref, path }) => ({ stat: await statFile(lookable(build, ref), path) })),
      ),
    ],
  ];
}

/** Looks at images that a build may begin with. */
function imageMethods(context: BuildkitContext, within: Within): [path: string, method: Method][] {
  return [
    [
      `${SERVICE}ResolveImageConfig`,
      unary(
        { request: RESOLVE_IMAGE_REQUEST, answer: RESOLVE_IMAGE_RESPONSE },
        within(async (build, ask) => resolveImage(context, build, ask)),
      ),
    ],
    [
      `${SERVICE}ResolveSourceMeta`,
      unary(
        { request: RESOLVE_SOURCE_REQUEST, answer: RESOLVE_SOURCE_RESPONSE },
        within(async (build, ask) => resolveSource(context, build, ask)),
      ),
    ],
  ];
}
