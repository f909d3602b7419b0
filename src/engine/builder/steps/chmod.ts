import { InvalidArgumentError } from '#lib/errors.ts';

const WHO: Readonly<Record<string, number>> = { u: 0o4700, g: 0o2070, o: 0o0007, a: 0o6777 };
const SHIFTS: Readonly<Record<string, number>> = { u: 6, g: 3, o: 0 };

/** The mode that `--chmod` gives a file: octal, or symbolic as chmod(1) takes it (`u=rwX,go=rX`). @throws {InvalidArgumentError} */
export function applyChmod(text: string, mode: number, isDirectory: boolean): number {
  if (/^[0-7]{1,5}$/.test(text)) return Number.parseInt(text, 8) & 0o7777;
  let result = mode;
  for (const clause of text.split(',')) {
    const [, who = '', rest = ''] = /^([ugoa]*)((?:[-+=][rwxXst]*)+)$/.exec(clause) ?? [];
    if (rest === '')
      throw new InvalidArgumentError(`invalid chmod parameter: '${text}'`, {
        hint: 'write it as an octal number such as 755, or like u=rwX,go=rX',
      });
    const people = Array.from(who === '' || who.includes('a') ? 'ugo' : who);
    for (const [, operator = '', permissions = ''] of rest.matchAll(/([-+=])([rwxXst]*)/g))
      result = change(result, { people, operator, permissions, isDirectory });
  }
  return result;
}

function change(
  mode: number,
  {
    people,
    operator,
    permissions,
    isDirectory,
  }: { people: readonly string[]; operator: string; permissions: string; isDirectory: boolean },
): number {
  const runs = permissions.includes('x') || (permissions.includes('X') && (isDirectory || (mode & 0o111) !== 0));
  const bits = (permissions.includes('r') ? 4 : 0) | (permissions.includes('w') ? 2 : 0) | (runs ? 1 : 0);
  let given = permissions.includes('t') ? 0o1000 : 0;
  let covered = 0;
  for (const person of people) {
    given |= bits << (SHIFTS[person] ?? 0);
    if (permissions.includes('s')) given |= person === 'u' ? 0o4000 : person === 'g' ? 0o2000 : 0;
    covered |= WHO[person] ?? 0;
  }
  if (operator === '+') return mode | given;
  return operator === '-' ? mode & ~given : (mode & ~covered) | given;
}
