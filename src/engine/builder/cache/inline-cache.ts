import type { PlatformResult } from '../prepare-build.ts';
import type { BuildRequest } from '../request.ts';
import { formatInlineCache, type CachedStep, INLINE_FIELD } from './cache-config.ts';
import { leadsTo, tracesOf } from './traces-of.ts';

/** Whether the image of a build is to carry its cache. */
export function hasInlineCache({ cacheTo, buildArgs }: Pick<BuildRequest, 'cacheTo' | 'buildArgs'>): boolean {
  const argument = buildArgs.get('BUILDKIT_INLINE_CACHE') ?? '';
  return cacheTo.some(({ type }) => type === 'inline') || /^(1|true)$/i.test(argument);
}

/** What an image's config carries so that others can take its layers for steps; nothing unless the build asks for it. */
export async function inlineCache({ state, build }: PlatformResult): Promise<Readonly<Record<string, string>>> {
  const { request, cache } = build;
  if (!hasInlineCache(request)) return {};
  const traces = tracesOf(cache.traces(), [{ state }]);
  const count = traces.reduce((sum, { layers }) => sum + layers.length, 0);
  let next = state.layers.length - count;
  const places = new Map<string, number>();
  const steps: CachedStep[] = [];
  for (const trace of traces) {
    const { key, parent, created, layers } = trace;
    const on = next === 0 ? undefined : next - 1;
    const made = layers.map(({ title }) => ({ layer: next++, title }));
    places.set(key, steps.length);
    steps.push({ key, before: places.get(parent), created, on, made, ...(await leadsTo(trace)) });
  }
  return { [INLINE_FIELD]: formatInlineCache(steps) };
}
