import type { Requirement } from '../detect/requirements.ts';
import type { FoundInProject } from './rule.ts';
import type { LintSubject } from './subject.ts';

/** Each requirement for which `judge` has a message; `text` is the new line where mending is safe. */
export function* eachRequirement(
  subject: LintSubject,
  judge: (requirement: Requirement) => { message: string; fix: string; text?: (line: string) => string | null } | undefined,
): Generator<FoundInProject> {
  for (const requirement of subject.requirements) {
    const found = judge(requirement);
    if (found === undefined) continue;
    const { file, line } = requirement;
    const was = subject.lines(file)[line - 1];
    const text = was === undefined || found.text === undefined ? undefined : found.text(was);
    yield { file, line: line > 0 ? line : null, message: found.message, fix: found.fix, edit: text === undefined || text === was ? undefined : subject.replace(file, line, text) };
  }
} // prettier-ignore
