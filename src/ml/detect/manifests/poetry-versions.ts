/** Poetry's `^1.2`, `~1.2`, `1.2` and `*` as specifiers of PEP 440. Of alternatives (`^1 || ^2`) everything from the first to the last is taken. */
export function caret(text: string): string {
  const alternatives = text.split(/\s*\|\|?\s*/).filter((part) => part !== '');
  if (alternatives.length > 1) return span(alternatives.map((part) => caret(part)));
  return text
    .split(',')
    .flatMap((clause) => clause.trim().split(/\s+(?=[<>=!~^])/))
    .map((clause) => caretClause(clause.trim()))
    .filter((clause) => clause !== '')
    .join(',');
}

/** The lower limit of the first alternative and the upper one of the last. */
function span(alternatives: readonly string[]): string {
  const lower = alternatives[0]?.split(',').filter((clause) => /^[>=~]/.test(clause)) ?? [];
  const upper = alternatives.at(-1)?.split(',').filter((clause) => clause.startsWith('<')) ?? [];
  return [...lower.map((clause) => clause.replace(/^(==|~=)([^*]+?)(\.\*)?$/, '>=$2')), ...upper].join(',');
} // prettier-ignore

function caretClause(clause: string): string {
  const match = /^(\^|~(?!=))?\s*v?(\d+(?:\.\d+)*)(\.\*)?([a-z][\w.+-]*|\+[\w.]+)?$/i.exec(clause);
  if (match === null) return clause === '*' ? '' : clause.replace(/\s+/g, '');
  const [, sign, version = '', star = '', suffix = ''] = match;
  if (sign === undefined) return `==${version}${suffix}${star}`;
  const parts = version.split('.').map(Number);
  const firstNonZero = parts.findIndex((part) => part !== 0);
  const raised = sign === '~' ? Math.min(1, parts.length - 1) : firstNonZero === -1 ? parts.length - 1 : firstNonZero;
  const limit = [...parts.slice(0, raised), (parts[raised] ?? 0) + 1].join('.');
  return `>=${version}${suffix},<${limit}`;
}
