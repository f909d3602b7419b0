import { locate } from '../dockerfile-error.ts';
import type { Reading } from '../global-args.ts';
import type { Program } from '../program.ts';
import { type CheckSettings, isSkipped, isSkippedByComments, NO_SETTINGS } from './check-settings.ts';
import type { LintFacts } from './facts.ts';
import type { Finding } from './finding.ts';
import type { Found, Rule } from './rule.ts';
import { RULES } from './rules.ts';
import { isTooLong, type LintSubject, lintSubject } from './subject.ts';

export interface LintOptions {
  reading?: Reading;
  facts?: LintFacts;
  settings?: CheckSettings;
  /** Also the stages that the target does not need. */
  isForAll?: boolean;
  /** Only these rules; all if absent. */
  rules?: readonly Rule[];
}

/** What is doubtful in a Dockerfile, in the order of its lines. @throws {InvalidArgumentError} if there is no such target */
export function lintDockerfile(program: Program, options: LintOptions = {}): Finding[] {
  const { reading = {}, facts = {}, settings = NO_SETTINGS, isForAll = false, rules = RULES } = options;
  if (settings.skip === 'all' || isTooLong(program)) return [];
  const subject = lintSubject(program, { reading, facts, isForAll });
  const findings: Finding[] = [];
  for (const rule of rules) {
    if (isSkipped(settings, rule.code) || !isAskedFor(settings, rule)) continue;
    for (const found of rule.check(subject))
      if (!isSkippedByComments(found.node?.comments ?? [], rule.code)) findings.push(toFinding(rule, found, subject));
  }
  return findings.toSorted((a, b) => (a.lines?.start ?? 0) - (b.lines?.start ?? 0));
}

function isAskedFor({ experimental }: CheckSettings, { code, isExperimental = false }: Rule): boolean {
  return !isExperimental || experimental === 'all' || experimental.has(code);
}

function toFinding(
  { code, severity, description }: Rule,
  { node, message, fix, piece }: Found,
  { program: { source } }: LintSubject,
): Finding {
  const finding: Finding = { code, severity, message, description, fix, lines: undefined };
  if (node === undefined) return finding;
  const { line, column, width } = locate(source, node, piece ?? '');
  return { ...finding, lines: { start: node.line, end: node.endLine }, at: { line, column, width } };
}
