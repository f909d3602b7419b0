/** Newest Engine API version this program speaks. */
export const MAX_API_VERSION = '1.51';
/** Oldest one it still answers. */
export const MIN_API_VERSION = '1.24';

/** A version text as a number that compares: 1.41 is 141. Undefined if it is none. */
export function apiVersionNumber(text: string): number | undefined {
  const parts = /^(\d+)\.(\d+)(?:\.\d+)*$/.exec(text);
  if (parts === null) return undefined;
  return Number(parts[1]) * 100 + Number(parts[2]);
}
