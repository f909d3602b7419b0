import { RULES } from '#dockerfile/lint/rules.ts';
import { PLAN_TITLES } from './plan-titles.ts';
import type { ProjectRule } from './rule.ts';
import { PROJECT_RULES } from './rules.ts';

/** The page of all rules, `docs/rules.md`: a test compares both. */
export function documentRules(): string {
  return [
    '# Rules of `berth lint`',
    '',
    'Made from the rules themselves. `berth lint --skip CODE` and a comment `# berth: skip=CODE` behind a line leave one out; in a Dockerfile it is `# check=skip=CODE`.',
    '',
    '## About projects',
    '',
    ...PROJECT_RULES.flatMap(ruleLines),
    '## About Dockerfiles',
    '',
    'Also looked for in every build (`berth build --check`); see [checks](checks.md).',
    '',
    '| code | severity | rule |',
    '| --- | --- | --- |',
    ...RULES.map(({ code, severity, description }) => `| ${code} | ${severity} | ${description} |`),
    '',
    '## Of the plan',
    '',
    'What `berth plan` finds while it decides what is built.',
    '',
    '| code | rule |',
    '| --- | --- |',
    ...Object.entries(PLAN_TITLES).map(([code, title]) => `| ${code} | ${title} |`),
    '',
  ].join('\n');
}

function ruleLines({ code, severity, title, why, good, bad }: ProjectRule): string[] {
  return [
    `### ${code}`,
    '',
    `${severity}: ${title}. ${why}`,
    '',
    'Objected to:',
    '',
    ...exampleLines(bad),
    'Fine:',
    '',
    ...exampleLines(good),
  ];
}

/** Files of an example; a large one is only named. */
function exampleLines(files: Readonly<Record<string, string>>): string[] {
  const text = Object.entries(files).map(([path, content]) => content === 'LARGE' ? `# ${path}: some gigabytes` : `# ${path}\n${content.trimEnd()}`); // prettier-ignore
  return ['```text', text.join('\n\n'), '```', ''];
}
