import { DISTRIBUTION_OF_IMPORT } from '../data/distributions.ts';
import { FAILURES } from './failures.ts';

/** What a program's last words mean. */
export interface Explanation {
  cause: string;
  fix: string;
  /** The line of the log that shows it. */
  evidence: string;
}

/** What is known of a program that ended, beside its log. */
export interface Ending {
  exitCode?: number | undefined;
  oomKilled?: boolean | undefined;
  /** File that lists the project's packages, for advice. */
  manifest?: string | undefined;
}

const MAX_LINES = 400;
const MAX_LINE_CHARACTERS = 2000;

/** Cause and cure of a failure, from what the program wrote and how it ended; undefined for one that is not known. */
export function explain(log: string, ending: Ending = {}): Explanation | undefined {
  if (ending.oomKilled === true) return outOfMemory(`exit code ${ending.exitCode ?? 137}`);
  const lines = log
    .split(/\r?\n/)
    .slice(-MAX_LINES)
    .map((line) => line.slice(0, MAX_LINE_CHARACTERS))
    .toReversed();
  for (const { pattern, cause, fix } of FAILURES) {
    for (const line of lines) {
      const match = pattern.exec(line);
      if (match === null) continue;
      const names = {
        what: match[1] ?? '',
        distribution: distributionOf(match[1] ?? ''),
        manifest: ending.manifest ?? 'requirements.txt',
      };
      return { cause: fill(cause, names), fix: fill(fix, names), evidence: line.trim().slice(0, 300) };
    }
  }
  return ending.exitCode === 137 ? outOfMemory('exit code 137') : undefined;
}

function outOfMemory(evidence: string): Explanation {
  return {
    cause: 'it was killed, most likely because it took more memory than there is',
    fix: 'give it more memory, or load less at once',
    evidence,
  };
}

function distributionOf(module: string): string {
  const top = module.split('.')[0] ?? module;
  return DISTRIBUTION_OF_IMPORT[top] ?? top;
}

function fill(text: string, names: Readonly<Record<string, string>>): string {
  return text.replace(/\{(\w+)\}/g, (_, name: string) => names[name] ?? '');
}
