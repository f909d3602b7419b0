import type { Image } from '#engine/images/image.ts';
import { formatPlatform, type Platform } from '#oci/platform.ts';
import type { BuildRun } from '../build-run.ts';
import type { Vertex } from '../progress/events.ts';
import { baseImage } from '../stages/base-image.ts';
import type { NamedContext } from './context-source.ts';

/** The image that `--build-context` puts in the place of another name. */
export async function namedImage(
  build: BuildRun,
  named: Exclude<NamedContext, { kind: 'files' }>,
  { vertex, platform }: { vertex: Vertex; platform: Platform },
): Promise<Image> {
  if (named.kind === 'reference') return baseImage(build, named.name, vertex, platform);
  const { request, signal } = build;
  const found = named.source.resolve({ platform, pull: request.pull, vertex, signal });
  // Those who deliver the result ask which layers came from elsewhere.
  build.images.set(`${formatPlatform(platform)} ${named.source.title}`, found);
  return found;
}
