import type { DockerfileError, SourceText } from '../dockerfile-error.ts';
import { sourceBytes, type SourceLocation, sourceLocation } from '../source-location.ts';
import type { Finding } from './finding.ts';

/** Findings in the form of BuildKit's sub-request `frontend.lint`. */
export interface LintResult {
  warnings: LintWarning[];
  sources: { filename: string; language: string; definition: null; data: string }[];
  /** The Dockerfile cannot be built at all. */
  error?: { message: string; location: SourceLocation };
}

interface LintWarning {
  ruleName: string;
  description: string;
  detail: string;
  location: SourceLocation;
}

/** Findings of errors and warnings; hints are no violations, and clients of BuildKit would count them as such. */
export function lintResult(findings: readonly Finding[], source: SourceText, error?: DockerfileError): LintResult {
  const warnings = findings
    .filter(({ severity }) => severity !== 'hint')
    .map(({ code, description, message, fix, lines }): LintWarning => {
      const { start, end } = lines ?? { start: 1, end: 1 };
      return {
        ruleName: code,
        description: fix === undefined ? description : `${description}; ${fix}`,
        detail: message,
        location: sourceLocation({ line: start, endLine: end }),
      };
    });
  return {
    warnings,
    sources: [{ filename: source.file, language: 'Dockerfile', definition: null, data: sourceBytes(source.lines) }],
    ...(error !== undefined && {
      error: { message: error.summary, location: sourceLocation(error.location) },
    }),
  };
}
