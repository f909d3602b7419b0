import type { Finding as DockerfileFinding } from '#dockerfile/lint/finding.ts';
import { parseCheckSettings } from '#dockerfile/lint/check-settings.ts';
import { lintDockerfile } from '#dockerfile/lint/lint-dockerfile.ts';
import type { ProjectFacts } from '../detect/project.ts';
import type { Finding, ProjectPlan } from '../plan/plan.ts';
import { editOfPlan } from './plan-edits.ts';
import { PLAN_TITLES } from './plan-titles.ts';
import type { Edit } from './rule.ts';
import { PROJECT_RULES } from './rules.ts';
import { type LintSubject, lintSubject } from './subject.ts';

/** A finding of any of the rules: of the plan, about the project, or about its Dockerfile. */
export interface LintFinding extends Finding {
  /** One line about the rule. */
  title: string;
  edit?: Edit | undefined;
}

const ORDER = { error: 0, warning: 1, note: 2 } as const;

/**
 * Everything that the rules object to, errors first.
 * @param skip codes that are not looked for; a comment `# berth: skip=code` behind a line does the same for it
 */
export async function lintProject(
  facts: ProjectFacts,
  plan: ProjectPlan,
  skip: ReadonlySet<string> = new Set(),
): Promise<LintFinding[]> {
  const subject = await lintSubject(facts, plan);
  const own = PROJECT_RULES.flatMap((rule): LintFinding[] => {
    const { code, severity, title } = rule;
    return skip.has(code) ? [] : [...rule.check(subject)].map((found) => ({ ...found, code, severity, title }));
  });
  const planned = plan.findings.map((finding): LintFinding => ({ ...finding, title: PLAN_TITLES[finding.code] ?? finding.message, edit: editOfPlan(subject, finding) })); // prettier-ignore
  const all = [...planned, ...own, ...dockerfileFindings(subject)].filter(
    (finding) => !skip.has(finding.code) && !isSkippedInLine(subject, finding),
  );
  return all.toSorted((a, b) => ORDER[a.severity] - ORDER[b.severity] || place(a).localeCompare(place(b), 'en') || (a.line ?? 0) - (b.line ?? 0)); // prettier-ignore
}

function place({ file }: Finding): string {
  return file ?? '';
}

function isSkippedInLine({ lines }: LintSubject, { file, line, code }: Finding): boolean {
  const text = file === null || line === null ? undefined : lines(file)[line - 1];
  const named = text === undefined ? undefined : /#\s*berth:\s*skip=([\w,-]+)/.exec(text)?.[1];
  return named?.split(',').includes(code) === true;
}

/** Files beside the Dockerfile are known, the images that it starts from are not. */
function dockerfileFindings({ dockerfile, facts, lines }: LintSubject): LintFinding[] {
  if (dockerfile?.program === undefined) return [];
  const { program, path } = dockerfile;
  const ignore = lines('.dockerignore');
  const text = (name: string): string | undefined => {
    const own = lines(name);
    return own.length === 0 ? undefined : own.join('\n');
  };
  const findings = lintDockerfile(program, {
    facts: { text, files: facts.tree.files, hasImplicitCaches: false, ...(ignore.length > 0 && { ignore }) },
    settings: parseCheckSettings(program.directives.check ?? ''),
    isForAll: true,
  });
  return findings.map((finding) => fromDockerfile(finding, path));
}

function fromDockerfile({ code, severity, message, description, fix, lines }: DockerfileFinding, file: string): LintFinding {
  return { code, severity: severity === 'hint' ? 'note' : severity, message, title: description, file, line: lines?.start ?? null, fix: fix ?? null };
} // prettier-ignore
