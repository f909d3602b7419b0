import type { LintFinding } from './lint-project.ts';

const LEVELS = { error: 'error', warning: 'warning', note: 'note' } as const;

/** Findings as SARIF 2.1.0, which code hosts and editors read. Those about the folder as a whole have no place. */
export function toSarif(findings: readonly LintFinding[], version: string): object {
  const rules = [...new Map(findings.map((finding) => [finding.code, finding])).values()];
  return {
    $schema: 'https://json.schemastore.org/sarif-2.1.0.json',
    version: '2.1.0',
    runs: [
      {
        tool: {
          driver: {
            name: 'berth',
            version,
            rules: rules.map(({ code, title, severity }) => ({ id: code, shortDescription: { text: title }, defaultConfiguration: { level: LEVELS[severity] } })),
          },
        },
        results: findings.map((finding) => toResult(finding, rules.findIndex(({ code }) => code === finding.code))),
      },
    ],
  };
} // prettier-ignore

function toResult({ code, severity, message, fix, file, line }: LintFinding, ruleIndex: number): object {
  const artifactLocation = { uri: encodeURI(file ?? '.') };
  const location = file === null ? { artifactLocation } : { artifactLocation, region: { startLine: Math.max(1, line ?? 1) } }; // prettier-ignore
  return {
    ruleId: code,
    ruleIndex,
    level: LEVELS[severity],
    message: { text: fix === null ? message : `${message}. ${fix}.` },
    locations: [{ physicalLocation: location }],
  };
}
