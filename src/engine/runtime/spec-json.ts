/** RLIM_INFINITY of setrlimit(2): the largest unsigned 64-bit number, which no JavaScript number holds. */
const INFINITY_TEXT = '18446744073709551615';
const PLACEHOLDER = '\u0000infinity';

/** A runtime document as JSON; Infinity is written as the number that stands for "no limit". */
export function specJson(document: object): string {
  const text = JSON.stringify(document, (_key, value: unknown) =>
    value === Number.POSITIVE_INFINITY ? PLACEHOLDER : value,
  );
  return text.replaceAll(JSON.stringify(PLACEHOLDER), INFINITY_TEXT);
}
