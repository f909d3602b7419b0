import type { PlatformResult } from '../prepare-build.ts';
import { formatInlineCache, type CachedStep, INLINE_FIELD } from './cache-config.ts';
import { tracesOf } from './traces-of.ts';

/** What an image's config carries so that others can take its layers for steps; nothing unless the build asks for it. */
export async function inlineCache({ state, build }: PlatformResult): Promise<Readonly<Record<string, string>>> {
  const { request, cache } = build;
  const isAsked =
    request.cacheTo.some(({ type }) => type === 'inline') ||
    /^(1|true)$/i.test(request.buildArgs.get('BUILDKIT_INLINE_CACHE') ?? '');
  if (!isAsked) return {};
  const traces = tracesOf(cache.traces(), [{ state }]);
  const made = traces.reduce((sum, { layers }) => sum + layers.length, 0);
  let next = state.layers.length - made;
  const places = new Map<string, number>();
  const steps = traces.map(({ key, parent, created, layers }, index): CachedStep => {
    const on = next === 0 ? undefined : next - 1;
    places.set(key, index);
    return {
      key,
      before: places.get(parent),
      created,
      on,
      made: layers.map(({ title }) => ({ layer: next++, title })),
    };
  });
  return { [INLINE_FIELD]: formatInlineCache(steps) };
}
