import { basePlatformFinding } from '#dockerfile/lint/rules/invalid-base-image-platform.ts';
import type { Image } from '#engine/images/image.ts';
import { InvalidArgumentError } from '#lib/errors.ts';
import type { HistoryEntry } from '#oci/image-config.ts';
import { parsePlatform } from '#oci/parse-platform.ts';
import { formatPlatform, type Platform } from '#oci/platform.ts';
import { baseImage, layersOfImage } from './base-image.ts';
import { beginWithFiles } from './begin-with-files.ts';
import type { BuildRun } from '../build-run.ts';
import type { Layer } from '../layers.ts';
import type { Vertex } from '../progress/events.ts';
import { namedImage } from '../sources/named-image.ts';
import type { PlannedStage } from './plan.ts';
import { type Scope, stageScope, type StageVariables } from './scope.ts';
import { cloneConfig, DEFAULT_PATH, type StageState, stepKey } from './stage-state.ts';

/** What a stage begins with. */
export interface Beginning {
  stage: StageState;
  /** Twelve digits that name it; empty for nothing. */
  name: string;
  /** ONBUILD of the image below. */
  triggers: readonly string[];
}

/** FROM: an earlier stage, nothing, or an image. */
export async function beginStage(
  build: BuildRun,
  { base, baseStage, stage, named }: PlannedStage,
  vertex: Vertex,
): Promise<Beginning> {
  const platform = platformOf(build, stage);
  if (named?.kind === 'files') {
    const beginning = fromNothing(build);
    await beginWithFiles(build, beginning.stage, { name: base, index: stage.index, source: named.source, vertex });
    return beginning;
  }
  if (named !== undefined) return fromImage(build, await namedImage(build, named, { vertex, platform }));
  if (baseStage !== undefined) return fromStage(build, baseStage.index);
  if (base === 'scratch') return fromNothing(build);
  const image = await baseImage(build, base, vertex, platform);
  warnPlatform(build, { platform, base, vertex }, image);
  return fromImage(build, image);
}

/** Of `--platform`, or of the result. @throws {InvalidArgumentError} */
function platformOf({ plan, platform }: BuildRun, { from }: PlannedStage['stage']): Platform {
  if (from.platform === undefined) return platform;
  const written = plan.scope.expand(from.platform);
  if (written === '')
    throw new InvalidArgumentError(`empty platform value from expression ${from.platform}`, {
      why: 'the variable has no value before FROM',
      hint: 'use BUILDPLATFORM or TARGETPLATFORM, or give the variable a default with ARG before FROM',
    });
  return parsePlatform(written);
}

async function fromStage(build: BuildRun, index: number): Promise<Beginning> {
  const before = await build.results.get(index);
  if (before === undefined) throw new InvalidArgumentError(`stage ${index} was not built`);
  return continueStage(build, before);
}

/** What a stage begins with that goes on where another ended. */
export function continueStage(build: BuildRun, before: StageState): Beginning {
  const { onbuild, config } = splitTriggers(cloneConfig(before.config));
  const scope = scopeOf(build, { env: config.Env ?? [], before: before.scope });
  const stage = {
    ...before,
    config,
    layers: [...before.layers],
    history: [...before.history],
    scope,
    hasOwnCmd: false,
  };
  return { stage, name: before.key.slice(0, 12), triggers: onbuild };
}

function fromNothing(build: BuildRun): Beginning {
  const { platform } = build;
  const env = [`PATH=${DEFAULT_PATH}`];
  const stage: StageState = {
    key: stepKey('', [{ name: 'base', value: ['scratch', formatPlatform(platform)] }]),
    layers: [],
    config: { Env: env, WorkingDir: '/' },
    history: [],
    author: undefined,
    platform,
    created: undefined,
    scope: scopeOf(build, { env }),
    hasOwnCmd: false,
  };
  return { stage, name: '', triggers: [] };
}

function fromImage(build: BuildRun, image: Image): Beginning {
  const { onbuild, config } = splitTriggers(cloneConfig(image.config.config));
  if (config.Env?.some((entry) => entry.startsWith('PATH=')) !== true)
    config.Env = [...(config.Env ?? []), `PATH=${DEFAULT_PATH}`];
  const layers = layersOfImage(build.context, image);
  const { architecture, os, variant } = image.config;
  const stage: StageState = {
    key: stepKey('', [{ name: 'base', value: ['image', image.id] }]),
    layers,
    config,
    history: wholeHistory(image.config.history ?? [], layers),
    author: image.config.author,
    platform: { architecture, os, ...(variant !== undefined && { variant }) },
    created: image.config.created,
    scope: scopeOf(build, { env: config.Env }),
    hasOwnCmd: false,
  };
  return { stage, name: image.id.slice('sha256:'.length, 'sha256:'.length + 12), triggers: onbuild };
}

function splitTriggers(config: StageState['config']): { onbuild: readonly string[]; config: StageState['config'] } {
  const { OnBuild: onbuild, ...rest } = config;
  return { onbuild: onbuild ?? [], config: rest };
}

function scopeOf({ plan }: BuildRun, variables: StageVariables): Scope {
  const { escape } = plan.program.directives;
  return stageScope({ build: plan.scope.build, values: plan.scope.values, escape }, variables);
}

/** An image may come without history; every layer has an entry in ours. */
function wholeHistory(history: readonly HistoryEntry[], layers: readonly Layer[]): HistoryEntry[] {
  const told = history.filter(({ empty_layer: isEmpty }) => isEmpty !== true).length;
  const missing = Math.max(0, layers.length - told);
  return [...Array.from({ length: missing }, () => ({ comment: 'a layer whose history is not known' })), ...history];
}

/** An image of another platform is taken as it is: what it says about itself may be wrong, and its files may fit all. */
function warnPlatform(
  { report }: BuildRun,
  { platform, base, vertex }: { platform: Platform; base: string; vertex: Vertex },
  { config }: Image,
): void {
  const found = basePlatformFinding(
    { name: base, wanted: formatPlatform(platform), actual: formatPlatform(config) },
    vertex.facts.lines,
  );
  if (found !== undefined) report.finding(found, vertex.facts);
}
