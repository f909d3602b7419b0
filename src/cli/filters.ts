import { UsageError } from './parse-options.ts';

/** `--filter key=value`, repeated, as the engine takes it. @throws {UsageError} */
export function filterTable(filters: readonly string[]): Record<string, string[]> {
  const table: Record<string, string[]> = {};
  for (const filter of filters) {
    const equals = filter.indexOf('=');
    if (equals <= 0)
      throw new UsageError(`--filter needs key=value, not ${JSON.stringify(filter)}`, {
        hint: 'example: --filter status=exited',
      });
    // `label!=x` is a key of its own.
    const key = filter.slice(0, equals).trim().toLowerCase();
    (table[key] ??= []).push(filter.slice(equals + 1).trim());
  }
  return table;
}
