import type { Finding } from '../plan/plan.ts';
import type { Edit } from './rule.ts';
import type { LintSubject } from './subject.ts';

type Mend = (line: string, finding: Finding) => string | null | undefined;

/** How lines of requirements files are mended that the plan objects to; undefined where nothing is safe. */
const MENDS: Readonly<Record<string, Mend>> = {
  'not-a-package': () => null,
  'import-name': (line, { fix }) => {
    const name = /^write (\S+) instead/.exec(fix ?? '')?.[1];
    // Its version is that of another package.
    return name === undefined ? undefined : line.replace(/^(\s*)[\w.-]+(?:\s*\[[^\]]*\])?\s*(?:[=<>!~][^#;]*)?/, `$1${name}`);
  },
  'platform-requirement': (line, { fix }) => {
    const marker = /; sys_platform == "\w+"/.exec(fix ?? '')?.[0];
    return marker === undefined ? undefined : line.replace(/\s*(#.*)?$/, (_, note?: string) => `${marker}${note === undefined ? '' : `  ${note}`}`);
  },
  'machine-path': (line) => (/@\s*file:/.test(line) ? line.replace(/\s*@\s*file:\S+/, '') : undefined),
}; // prettier-ignore

/** The edit that mends what the plan found, where its line is of a requirements file and mending is safe. */
export function editOfPlan({ lines, replace }: LintSubject, finding: Finding): Edit | undefined {
  const { code, file, line } = finding;
  const mend = Object.hasOwn(MENDS, code) ? MENDS[code] : undefined;
  if (mend === undefined || file === null || line === null || !file.endsWith('.txt')) return undefined;
  const was = lines(file)[line - 1];
  const text = was === undefined ? undefined : mend(was, finding);
  return text === undefined || text === was ? undefined : replace(file, line, text);
}
