/** Compares two versions by their release numbers and pre-release tags (PEP 440); negative if `a` is older. */
export function compareVersions(a: string, b: string): number {
  const [left, right] = [parse(a), parse(b)];
  for (let index = 0; index < Math.max(left.release.length, right.release.length); index++) {
    const difference = (left.release[index] ?? 0) - (right.release[index] ?? 0);
    if (difference !== 0) return difference;
  }
  return left.stage - right.stage || left.number - right.number;
}

/** Whether a version meets a specifier set such as `>=3.9,<3.13` (PEP 440, version specifiers). Unknown clauses count as met. */
export function meets(version: string, specifiers: string): boolean {
  return specifiers
    .split(',')
    .map((clause) => clause.trim())
    .filter((clause) => clause !== '')
    .every((clause) => meetsClause(version, clause));
}

/** `==1.5.2` → `1.5.2`; undefined where a range leaves the choice. */
export function exactVersion(specifiers: string): string | undefined {
  return /(?:^|,)\s*={2,3}\s*v?(\d[^,*\s;]*)\s*(?:,|$)/.exec(specifiers)?.[1];
}

const STAGES: Readonly<Record<string, number>> = { dev: -4, a: -3, alpha: -3, b: -2, beta: -2, rc: -1, c: -1, post: 1 };

function parse(version: string): { release: number[]; stage: number; number: number } {
  const match = /^v?(?:\d+!)?(\d+(?:\.\d+)*)(?:[._-]?(dev|alpha|beta|post|rc|a|b|c)[._-]?(\d*))?/i.exec(version.trim());
  const release = (match?.[1] ?? '0').split('.').map(Number);
  return { release, stage: STAGES[match?.[2]?.toLowerCase() ?? ''] ?? 0, number: Number(match?.[3] ?? 0) };
}

function meetsClause(version: string, clause: string): boolean {
  const match = /^(===|==|!=|~=|<=|>=|<|>)\s*v?([^\s]+)$/.exec(clause);
  const [operator, wanted] = [match?.[1], match?.[2] ?? ''];
  if (operator === undefined) return true;
  const difference = compareVersions(version, wanted.replace(/\.\*$/, ''));
  if (operator === '==' || operator === '===') return equals(version, wanted);
  if (operator === '!=') return !equals(version, wanted);
  if (operator === '~=') return difference >= 0 && equals(version, `${wanted.replace(/\.[^.]+$/, '')}.*`);
  if (operator === '<') return difference < 0;
  if (operator === '>') return difference > 0;
  return operator === '<=' ? difference <= 0 : difference >= 0;
}

function equals(version: string, wanted: string): boolean {
  if (!wanted.endsWith('.*')) return compareVersions(version, wanted) === 0;
  const prefix = parse(wanted.slice(0, -2)).release;
  const own = parse(version).release;
  return prefix.every((part, index) => (own[index] ?? 0) === part);
}
