import type { Severity } from './finding.ts';
import type { LintSubject } from './subject.ts';

/** One kind of thing that is wrong with Dockerfiles. */
export interface Rule {
  /** In capitals and small letters, for skip directives. */
  code: string;
  severity: Severity;
  /** One line about all places where it is found. */
  description: string;
  /** Whether other builders know it by this name; only those count for the directive `check=error=true`. */
  isPublic: boolean;
  /** Only looked for when asked. */
  isExperimental?: boolean;
  /** What it needs to know of context or result: such rules run again when these are known. */
  needs?: 'context' | 'result';
  check(subject: LintSubject): Iterable<Found>;
}

/** A place where a rule is broken. */
export interface Found {
  /** The instruction; undefined for the whole build. */
  node: { line: number; endLine: number; comments: readonly string[] } | undefined;
  /** One line. */
  message: string;
  fix?: string;
  /** The part of the instruction that is meant. */
  piece?: string;
}
