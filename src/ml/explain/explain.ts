import { DISTRIBUTION_OF_IMPORT } from '../data/distributions.ts';
import { PACKAGE_OF_SONAME } from '../data/sonames.ts';
import { type Ending, explainEnding, ofMount } from './ending.ts';
import { FAILURES } from './failures.ts';

export type { Ending, EndingMount } from './ending.ts';

/** What a program's last words mean. */
export interface Explanation {
  /** Stable name of the failure: `missing-module`. */
  code: string;
  /** One sentence, without a full stop. */
  cause: string;
  fix: string;
  /** The line of the log that shows it. */
  evidence: string;
}

const MAX_LINES = 400;
const MAX_LINE_CHARACTERS = 2000;

/** Cause and cure of a failure, from what the program wrote and how it ended; undefined for one that is not known. */
export function explain(log: string, ending: Ending = {}): Explanation | undefined {
  if (ending.oomKilled === true) return explainEnding(ending);
  const lines = log.split(/\r?\n/).slice(-MAX_LINES).map((line) => line.slice(0, MAX_LINE_CHARACTERS)).toReversed(); // prettier-ignore
  for (const { code, pattern, cause, fix } of FAILURES) {
    for (const line of lines) {
      const match = pattern.exec(line);
      if (match === null) continue;
      const evidence = line.trim().slice(0, 300);
      const what = match.slice(1).find((group) => group !== undefined) ?? '';
      const names = namesFor(what, ending);
      return ofMount({ code, cause: fill(cause, names), fix: fill(fix, names), evidence }, what, ending);
    }
  }
  return explainEnding(ending);
}

function namesFor(what: string, { manifest = 'requirements.txt' }: Ending): Readonly<Record<string, string>> {
  const top = what.split('.')[0] ?? what;
  const library = Object.hasOwn(PACKAGE_OF_SONAME, what) ? PACKAGE_OF_SONAME[what] : undefined;
  return {
    what: what === '' ? 'see the line below' : what,
    distribution: (Object.hasOwn(DISTRIBUTION_OF_IMPORT, top) ? DISTRIBUTION_OF_IMPORT[top] : undefined) ?? top,
    package: library ?? 'the Debian package that has it',
    manifest,
  };
}

function fill(text: string, names: Readonly<Record<string, string>>): string {
  return text.replace(/\{(\w+)\}/g, (_, name: string) => names[name] ?? '');
}
