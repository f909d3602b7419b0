import { nearest } from '#dockerfile/nearest.ts';
import { findFrom } from '#dockerfile/stage-sources.ts';
import { BerthError, InvalidArgumentError, NotFoundError } from '#lib/errors.ts';
import { openRoot } from '#lib/files/open-root.ts';
import type { OpenSource, StageRun } from '../build-run.ts';
import type { Layer } from '../layers.ts';
import { baseImage, layersOfImage } from '../stages/base-image.ts';
import { openView } from '../workspace.ts';
import { findNamedContext } from './find-named-context.ts';
import { namedImage } from './named-image.ts';
import { openNamedFiles } from './open-named-files.ts';

/** Opens what `--from` names: a stage, by name or index, a named context, or an image. */
export async function openFrom(run: StageRun, written: string): Promise<OpenSource> {
  const { build, index } = run;
  const stage = findFrom(build.plan.program, written, index);
  if (stage === 'later')
    throw new InvalidArgumentError(`invalid from flag value ${written}: no such stage before this one`);
  if (stage !== undefined) return openStack(run, await layersOfStage(run, stage.index));
  const named = findNamedContext(build.request, written, build.platform);
  if (named?.kind === 'files') return openNamedFiles(build, written, named.source);
  return openStack(run, await layersOf(run, written));
}

/** The layers behind what `--from` names, without opening them; undefined for what does not consist of layers. */
export async function stackBehind(run: StageRun, written: string): Promise<readonly Layer[] | undefined> {
  const { build, index } = run;
  const stage = findFrom(build.plan.program, written, index);
  if (stage === 'later') return undefined;
  if (stage !== undefined) return layersOfStage(run, stage.index);
  const named = findNamedContext(build.request, written, build.platform);
  return named?.kind === 'files' ? undefined : layersOf(run, written);
}

async function openStack({ build }: StageRun, stack: readonly Layer[]): Promise<OpenSource> {
  const view = await openView(build.context, stack.at(-1));
  const root = openRoot(view.path);
  return {
    tree: { root, kind: 'stage', digests: new Map(), taken: new Map() },
    stack,
    async [Symbol.asyncDispose]() {
      root[Symbol.dispose]();
      await view[Symbol.asyncDispose]();
    },
  };
}

/** A stage misspelt reads as an image that is not there. */
function withStageHint(error: unknown, { run, written }: { run: StageRun; written: string }): unknown {
  const { stages } = run.build.plan.program;
  const names = stages.slice(0, run.index).map(({ from }) => from.name ?? '');
  const close = nearest(
    written,
    names.filter((name) => name !== ''),
  );
  if (close === undefined || !(error instanceof BerthError)) return error;
  return new NotFoundError(`${written} is no stage (did you mean ${close}?), and no image: ${error.message}`, {
    hint: `write --from=${close}`,
    cause: error,
  });
}

async function layersOfStage({ build }: StageRun, index: number): Promise<readonly Layer[]> {
  const result = await (build.results.get(index) ?? build.require?.(index));
  return result?.layers ?? [];
}

async function layersOf(run: StageRun, written: string): Promise<readonly Layer[]> {
  if (written === 'scratch') throw new InvalidArgumentError('invalid from flag value scratch: it is empty');
  const { build, vertex } = run;
  const named = findNamedContext(build.request, written, build.platform);
  if (named !== undefined && named.kind !== 'files') {
    const image = await namedImage(build, named, { vertex, platform: build.platform });
    return layersOfImage(build.context, image);
  }
  const image = await baseImage(run.build, written, run.vertex).catch((error: unknown) => {
    throw withStageHint(error, { run, written });
  });
  return layersOfImage(run.build.context, image);
}
