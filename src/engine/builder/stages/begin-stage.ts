import type { Image } from '#engine/images/image.ts';
import { InvalidArgumentError } from '#lib/errors.ts';
import type { HistoryEntry } from '#oci/image-config.ts';
import { formatPlatform } from '#oci/platform.ts';
import { baseImage, layersOfImage } from './base-image.ts';
import type { BuildRun } from '../build-run.ts';
import type { Layer } from '../layers.ts';
import type { Vertex } from '../progress/events.ts';
import type { PlannedStage } from './plan.ts';
import { type Scope, stageScope } from './scope.ts';
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
  { base, baseStage, stage }: PlannedStage,
  vertex: Vertex,
): Promise<Beginning> {
  const { plan } = build;
  if (stage.from.platform !== undefined) checkPlatform(build, plan.scope.expand(stage.from.platform));
  if (baseStage !== undefined) return fromStage(build, baseStage.index);
  if (base === 'scratch') return fromNothing(build);
  const image = await baseImage(build, base, vertex);
  checkPlatform(build, formatPlatform(image.config), base);
  return fromImage(build, image);
}

async function fromStage(build: BuildRun, index: number): Promise<Beginning> {
  const before = await build.results.get(index);
  if (before === undefined) throw new InvalidArgumentError(`stage ${index} was not built`);
  const { onbuild, config } = splitTriggers(cloneConfig(before.config));
  const scope = scopeOf(build, config.Env ?? [], before.scope.args());
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
    config: { Env: env },
    history: [],
    author: undefined,
    platform,
    created: undefined,
    scope: scopeOf(build, env, []),
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
    scope: scopeOf(build, config.Env, []),
    hasOwnCmd: false,
  };
  return { stage, name: image.id.slice('sha256:'.length, 'sha256:'.length + 12), triggers: onbuild };
}

function splitTriggers(config: StageState['config']): { onbuild: readonly string[]; config: StageState['config'] } {
  const { OnBuild: onbuild, ...rest } = config;
  return { onbuild: onbuild ?? [], config: rest };
}

function scopeOf({ plan }: BuildRun, env: readonly string[], inherited: readonly [string, string][]): Scope {
  const { escape } = plan.program.directives;
  return stageScope({ build: plan.scope.build, values: plan.scope.values, escape }, { env, inherited });
}

/** An image may come without history; every layer has an entry in ours. */
function wholeHistory(history: readonly HistoryEntry[], layers: readonly Layer[]): HistoryEntry[] {
  const told = history.filter(({ empty_layer: isEmpty }) => isEmpty !== true).length;
  const missing = Math.max(0, layers.length - told);
  return [...Array.from({ length: missing }, () => ({ comment: 'a layer whose history is not known' })), ...history];
}

/** Steps run on this machine: its processor is the only one that can. */
function checkPlatform({ platform: target }: BuildRun, ...[platform, image]: [platform: string, image?: string]): void {
  const wanted = formatPlatform(target);
  const [os, architecture] = platform.split('/');
  const [ownOs, ownArchitecture] = wanted.split('/');
  if (os === ownOs && (architecture === undefined || architecture === ownArchitecture)) return;
  throw new InvalidArgumentError(
    `${image === undefined ? 'FROM asks' : `${image} is`} for ${platform}, the build for ${wanted}`,
    {
      hint: 'choose an image for this platform',
    },
  );
}
