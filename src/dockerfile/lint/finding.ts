/** How much a finding matters. */
export type Severity = 'error' | 'warning' | 'hint';

/** Something in a Dockerfile, or in what it builds from, that people come to regret. */
export interface Finding {
  /** Name of the rule, in capitals and small letters: `UndefinedVar`. */
  code: string;
  severity: Severity;
  /** One line about this place. */
  message: string;
  /** One line about the rule. */
  description: string;
  /** What to do. */
  fix: string | undefined;
  /** Lines of the Dockerfile, from 1; undefined for what is about the whole build. */
  lines: { start: number; end: number } | undefined;
  /** The exact place in those lines, where it is known: line and column from 1, characters that are meant. */
  at?: { line: number; column: number; width: number };
}
