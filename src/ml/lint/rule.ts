import type { LintSubject } from './subject.ts';

/** One kind of thing that people come to regret in projects. */
export interface ProjectRule {
  /** Small letters with dashes, for `--skip` and documentation. */
  code: string;
  severity: 'error' | 'warning' | 'note';
  /** One line about all places where it is found. */
  title: string;
  /** What happens otherwise, in a sentence or two, for the documentation. */
  why: string;
  /** Small projects that it is silent about, and that it objects to: texts by path. */
  good: Readonly<Record<string, string>>;
  bad: Readonly<Record<string, string>>;
  check(subject: LintSubject): Iterable<FoundInProject>;
}

/** A place where a rule is broken. */
export interface FoundInProject {
  /** null for the folder as a whole. */
  file: string | null;
  line: number | null;
  /** One line. */
  message: string;
  fix: string | null;
  /** Where mending it is safe. */
  edit?: Edit | undefined;
}

/** A line that is replaced; `text` null removes it. Lines count from 1. */
export interface Edit {
  file: string;
  line: number;
  /** What the line must still be, so that nothing else is overwritten. */
  was: string;
  text: string | null;
}
