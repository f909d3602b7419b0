import type { StepTrace } from './build-cache.ts';
import type { CachedStep } from './cache-config.ts';

/** Of all steps those that the results consist of. */
export function tracesOf(
  traces: readonly StepTrace[],
  results: readonly { state: { key: string } }[],
): readonly StepTrace[] {
  const byKey = new Map(traces.map((trace) => [trace.key, trace]));
  const wanted = new Set<string>();
  for (const { state } of results)
    for (let key: string | undefined = state.key; key !== undefined && !wanted.has(key); key = byKey.get(key)?.parent)
      wanted.add(key);
  return traces.filter(({ key }) => wanted.has(key));
}

/** What leads to a step without looking at files, as caches keep it. */
export async function leadsTo({ shortcut, origin }: StepTrace): Promise<Pick<CachedStep, 'shortcut' | 'origin'>> {
  const [short, made] = [await shortcut, await origin];
  return { ...(short !== undefined && { shortcut: short }), ...(made !== undefined && { origin: made }) };
}
