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
  const count = traces.reduce((sum, { layers }) => sum + layers.length, 0);
  let next = state.layers.length - count;
  const places = new Map<string, number>();
  const steps: CachedStep[] = [];
  for (const { key, parent, created, layers, shortcut } of traces) {
    const on = next === 0 ? undefined : next - 1;
    const short = await shortcut;
    const made = layers.map(({ title }) => ({ layer: next++, title }));
    places.set(key, steps.length);
    steps.push({ key, before: places.get(parent), created, on, made, ...(short !== undefined && { shortcut: short }) });
  }
  return { [INLINE_FIELD]: formatInlineCache(steps) };
}
