import type { Finding, Severity } from './finding.ts';
import type { Rule } from './rule.ts';
import { RULES } from './rules.ts';

const LEVELS: Readonly<Record<Severity, string>> = { error: 'error', warning: 'warning', hint: 'note' };

/** Findings as SARIF 2.1.0, which code hosts and editors read. `file` is the Dockerfile's path, relative to the repository. */
export function toSarif(findings: readonly Finding[], { file, version }: { file: string; version: string }): object {
  const used = RULES.filter(({ code }) => findings.some((finding) => finding.code === code));
  return {
    $schema: 'https://json.schemastore.org/sarif-2.1.0.json',
    version: '2.1.0',
    runs: [
      {
        tool: { driver: { name: 'berth', version, rules: used.map(toRule) } },
        results: findings.map((finding) => toResult(finding, { file, used })),
      },
    ],
  };
}

function toRule({ code, description, severity }: Rule): object {
  return {
    id: code,
    shortDescription: { text: description },
    defaultConfiguration: { level: LEVELS[severity] },
  };
}

function toResult(
  { code, severity, message, fix, lines, at }: Finding,
  { file, used }: { file: string; used: readonly Rule[] },
): object {
  const ruleIndex = used.findIndex((rule) => rule.code === code);
  const region =
    at === undefined
      ? { startLine: lines?.start ?? 1, endLine: lines?.end ?? 1 }
      : { startLine: at.line, startColumn: at.column, endColumn: at.column + at.width };
  const location = { physicalLocation: { artifactLocation: { uri: encodeURI(file) }, region } };
  return {
    ruleId: code,
    ...(ruleIndex >= 0 && { ruleIndex }),
    level: LEVELS[severity],
    message: { text: fix === undefined ? message : `${message}. ${fix}.` },
    locations: [location],
  };
}
