import type { DockerfileError, SourceText } from './dockerfile-error.ts';
import type { Reading } from './global-args.ts';
import { type LintResult, lintResult } from './lint/lint-result.ts';
import { textOfFindings } from './lint/text-of-findings.ts';
import type { Finding } from './lint/finding.ts';
import { type Outline, outline } from './outline.ts';
import type { Program } from './program.ts';
import { listTargets, type TargetList } from './targets.ts';
import { table } from './table.ts';

/** What is asked about a Dockerfile instead of a build (`docker build --call`). */
export const SUBREQUESTS = [
  {
    name: 'frontend.outline',
    version: '1.0.0',
    type: 'rpc',
    description: 'What can be given to the build of a target',
  },
  { name: 'frontend.targets', version: '1.0.0', type: 'rpc', description: 'The stages that can be built' },
  { name: 'frontend.lint', version: '1.0.0', type: 'rpc', description: 'What is doubtful in the Dockerfile' },
  {
    name: 'frontend.subrequests.describe',
    version: '1.0.0',
    type: 'rpc',
    description: 'The questions that are answered',
  },
] as const;

/** Answers by name, as the metadata of a result carries them: `result.json`, `result.txt`, `version`, `result.statuscode`. */
export type SubrequestAnswer = Readonly<Record<string, string>>;

/** The questions that are answered. */
export function answerDescribe(): SubrequestAnswer {
  const requests = SUBREQUESTS.map((request) => ({ ...request, opts: [], metadata: [{ name: 'result.json' }] }));
  const rows = SUBREQUESTS.map(({ name, version, description }) => [
    name.replace('frontend.', ''),
    version,
    description,
  ]);
  return answer(requests, table([['NAME', 'VERSION', 'DESCRIPTION'], ...rows]));
}

/** What can be given to the build of a target. @throws {InvalidArgumentError} if there is no such target */
export function answerOutline(program: Program, reading: Reading): SubrequestAnswer {
  const found = outline(program, reading);
  return answer(found, textOfOutline(found));
}

/** The stages that can be built. */
export function answerTargets(program: Program): SubrequestAnswer {
  const found = listTargets(program);
  return answer(found, textOfTargets(found));
}

/** What is doubtful; `result.statuscode` is 1 if anything is. */
export function answerLint(
  findings: readonly Finding[],
  source: SourceText,
  error?: DockerfileError,
): SubrequestAnswer {
  const found: LintResult = lintResult(findings, source, error);
  const isClean = found.warnings.length === 0 && error === undefined;
  const shown = findings.filter(({ severity }) => severity !== 'hint');
  return { ...answer(found, textOfFindings(shown, source)), 'result.statuscode': isClean ? '0' : '1' };
}

function answer(found: unknown, text: string): SubrequestAnswer {
  return { 'result.json': JSON.stringify(found, null, 2), 'result.txt': text, version: '1.0.0' };
}

function textOfOutline(found: Outline): string {
  const { name = '', description = '' } = found;
  const parts = [
    name === '' ? '' : `TARGET:      ${name}\n${description === '' ? '' : `DESCRIPTION: ${description}\n`}`,
  ];
  const section = (heading: readonly string[], rows: readonly string[][]): void => {
    if (rows.length > 0) parts.push(table([heading, ...rows]));
  };
  section(
    ['BUILD ARG', 'VALUE', 'DESCRIPTION'],
    (found.args ?? []).map((arg) => [arg.name, arg.value ?? '', arg.description ?? '']),
  );
  section(
    ['SECRET', 'REQUIRED'],
    (found.secrets ?? []).map((secret) => [secret.name, required(secret.required)]),
  );
  section(
    ['SSH', 'REQUIRED'],
    (found.ssh ?? []).map((agent) => [agent.name, required(agent.required)]),
  );
  section(
    ['CACHE'],
    (found.cache ?? []).map(({ id }) => [id]),
  );
  return parts.filter((part) => part !== '').join('\n');
}

function required(isRequired: boolean | undefined): string {
  return isRequired === true ? 'required' : '';
}

function textOfTargets({ targets }: TargetList): string {
  const rows = targets.map(({ name = '', default: isDefault = false, base, platform = '', description = '' }) => [
    isDefault ? `${name === '' ? '(last stage)' : name} (default)` : name,
    base,
    platform,
    description,
  ]);
  return table([['TARGET', 'BASE', 'PLATFORM', 'DESCRIPTION'], ...rows]);
}
