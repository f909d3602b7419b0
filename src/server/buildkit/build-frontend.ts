import { finishImage } from '#engine/builder/export/finish-image.ts';
import type { ImageSource, NamedContext } from '#engine/builder/sources/context-source.ts';
import { NotImplementedError } from '#lib/errors.ts';
import type { MessageOf } from '#lib/protobuf/message.ts';
import { formatPlatform } from '#oci/platform.ts';
import { resultIdOf, sourcePlaceOf } from './definition.ts';
import type { FrontendCall, Inputs } from './frontend-call.ts';
import type { DEFINITION } from './messages/common.ts';
import { readFrontendOptions, subrequestOf } from './read-frontend-options.ts';
import type { BuildResult, RunningBuild } from './running-build.ts';
import type { BuildkitContext } from './services.ts';
import { answerSubrequest } from './answer-subrequest.ts';

/** A frontend that is asked to build, in the client's words. */
export interface FrontendAsk {
  frontend: string;
  options: ReadonlyMap<string, string>;
  cacheImports: FrontendCall['cacheImports'];
  /** Inputs by name, as graphs. */
  definitions: ReadonlyMap<string, MessageOf<typeof DEFINITION>>;
}

/** What it came to: results, or an answer in the metadata alone. */
export interface Built {
  results: readonly BuildResult[];
  isMultiPlatform: boolean;
  metadata: ReadonlyMap<string, Uint8Array>;
}

/** How long a session may be behind the order that names it. */
export const SESSION_WAIT_MS = 5000;

/** Builds a Dockerfile, or answers what is asked about it. @throws what the builder says */
export async function buildFrontend(context: BuildkitContext, build: RunningBuild, ask: FrontendAsk): Promise<Built> {
  checkFrontend(ask);
  const { session: sessionId } = build.order;
  const call: FrontendCall = {
    order: build.order,
    session: sessionId === '' ? undefined : await context.sessions.get(sessionId, SESSION_WAIT_MS),
    options: ask.options,
    cacheImports: ask.cacheImports,
    inputs: inputsOf(context, ask),
  };
  const request = readFrontendOptions(call, build.signal);
  const subrequest = subrequestOf(call);
  if (subrequest !== '')
    return { results: [], isMultiPlatform: false, metadata: await answerSubrequest(build, subrequest, request) };
  const prepared = await build.prepare(request);
  const results = await build.solve(prepared);
  const isMultiPlatform = request.multiPlatform || results.length > 1;
  return { results, isMultiPlatform, metadata: metadataOf(results) };
}

/** Images of the frontend that is built in, by name; whatever their version, this engine's is taken. */
const OWN_FRONTEND = /^(?:docker\.io\/)?docker\/dockerfile(?:-upstream)?(?:[:@]|$)/;

function checkFrontend({ frontend, options }: FrontendAsk): void {
  const source = options.get('source') ?? '';
  if (frontend === 'dockerfile.v0' || (frontend === 'gateway.v0' && OWN_FRONTEND.test(source))) return;
  if (frontend === '')
    throw new NotImplementedError('a build from raw LLB is not supported', {
      why: 'this engine builds Dockerfiles itself, not the graphs of other frontends',
      hint: 'build from a Dockerfile',
    });
  throw new NotImplementedError(`the frontend ${frontend === 'gateway.v0' ? source : frontend} is not supported`, {
    why: 'frontends from images make graphs of their own, which this engine does not run',
    hint: 'build with the frontend that is built in: leave the syntax line out',
  });
}

/** What clients name as inputs of a build: results of builds that run now, repositories, files. */
function inputsOf({ builds }: BuildkitContext, { definitions }: FrontendAsk): Inputs {
  return new Map(
    [...definitions].map(([name, definition]): [string, NamedContext] => {
      const id = resultIdOf(definition);
      const place = id === undefined ? sourcePlaceOf(definition) : undefined;
      if (place !== undefined) return [name, { kind: 'files', source: place.source }];
      if (id === undefined)
        throw new NotImplementedError(`the input ${name} is raw LLB, which is not supported`, {
          why: 'only results of this engine, repositories and files at addresses can be inputs of builds',
          hint: 'give the build context as a folder, an image, or a target of the same bake file',
        });
      return [name, { kind: 'image', source: resultSource(builds.result(id), name) }];
    }),
  );
}

/** The result of a build as the image that another one begins with. */
function resultSource({ result }: BuildResult, title: string): ImageSource {
  const { build, state } = result;
  return { title, resolve: () => finishImage(build.context, state, []) };
}

const text = (value: string): Uint8Array => Buffer.from(value);

/** What clients find of the results by name. */
function metadataOf(results: readonly BuildResult[]): Map<string, Uint8Array> {
  const platforms = results.map(({ result: { platform } }) => ({
    ID: formatPlatform(platform),
    Platform: {
      architecture: platform.architecture,
      os: platform.os,
      ...(platform.variant !== undefined && { variant: platform.variant }),
    },
  }));
  return new Map([['refs.platforms', text(JSON.stringify({ Platforms: platforms }))]]);
}
