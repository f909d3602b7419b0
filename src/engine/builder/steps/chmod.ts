import { InvalidArgumentError } from '#lib/errors.ts';

const WHO: Readonly<Record<string, number>> = { u: 0o4700, g: 0o2070, o: 0o0007, a: 0o6777 };
const SHIFTS: Readonly<Record<string, number>> = { u: 6, g: 3, o: 0 };

/** The mode that `--chmod` gives a file: octal, or symbolic as chmod(1) takes it (`u=rwX,go=rX`). @throws {InvalidArgumentError} */
export function applyChmod(text: string, mode: number, isDirectory: boolean): number {
  if (isOctal(text)) return octalMode(text);
  let result = mode;
  for (const clause of text.split(',')) {
    const [, who = '', rest = ''] = /^([ugoa]*)((?:[-+=](?:[ugo]|[rwxXst]*))+)$/.exec(clause) ?? [];
    if (rest === '')
      throw new InvalidArgumentError(`invalid chmod parameter: '${text}'`, {
        why: 'it is neither an octal number nor a list of changes',
        hint: 'write it like 755, or like u=rwX,go=rX',
      });
    const people = Array.from(who === '' || who.includes('a') ? 'ugo' : who);
    for (const [, operator = '', permissions = ''] of rest.matchAll(/([-+=])([ugo]|[rwxXst]*)/g))
      result = change(result, { people, operator, permissions, isDirectory });
  }
  return result;
}

/** The mode of a folder that is made for what is copied: a number takes away from what it would have, and adds nothing. */
export function folderMode(chmod: string | undefined): number {
  return chmod === undefined || !isOctal(chmod) ? 0o755 : octalMode(chmod) & 0o755;
}

function isOctal(text: string): boolean {
  return /^\d+$/.test(text);
}

function octalMode(text: string): number {
  const mode = /^[0-7]+$/.test(text) ? Number.parseInt(text, 8) : Number.NaN;
  if (mode <= 0o7777) return mode;
  throw new InvalidArgumentError(
    `invalid chmod parameter: '${text}'. it should be octal string and between 0 and 07777`,
  );
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
  const copied = permissions.length === 1 && 'ugo'.includes(permissions) ? (mode >> (SHIFTS[permissions] ?? 0)) & 7 : 0;
  const runs = permissions.includes('x') || (permissions.includes('X') && (isDirectory || (mode & 0o111) !== 0));
  const bits = (permissions.includes('r') ? 4 : 0) | (permissions.includes('w') ? 2 : 0) | (runs ? 1 : 0) | copied;
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
