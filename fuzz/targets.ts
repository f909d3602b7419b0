import type { FuzzTarget } from './target.ts';
import { compressionTarget } from './targets/compression.ts';
import { contextTarget } from './targets/context.ts';
import { dockerfileTarget } from './targets/dockerfile.ts';
import { engineTarget } from './targets/engine.ts';
import { imagesTarget } from './targets/images.ts';
import { indexTarget } from './targets/index.ts';
import { layersTarget } from './targets/layers.ts';
import { manifestsTarget } from './targets/manifests.ts';
import { messagesTarget } from './targets/messages.ts';
import { tarTarget } from './targets/tar.ts';

/** All targets, the fastest first. */
export const TARGETS: readonly FuzzTarget[] = [
  tarTarget,
  messagesTarget,
  dockerfileTarget,
  manifestsTarget,
  indexTarget,
  compressionTarget,
  contextTarget,
  layersTarget,
  imagesTarget,
  engineTarget,
];
