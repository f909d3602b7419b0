import { excerpt, locate, type SourceText } from '../dockerfile-error.ts';
import type { Finding } from './finding.ts';

/** Findings for people: code, place and lines, what is wrong and what to do. */
export function textOfFindings(findings: readonly Finding[], source: SourceText): string {
  return findings.map((finding) => `${textOfFinding(finding, source)}\n`).join('\n');
}

function textOfFinding({ code, severity, message, fix, lines, at }: Finding, source: SourceText): string {
  const text = [`${severity} ${code}: ${message}`];
  if (lines !== undefined) {
    const place = { line: lines.start, endLine: lines.end };
    const location = at === undefined ? locate(source, place, '') : { ...at, endLine: Math.max(at.line, lines.start) };
    text.push(excerpt(source, location));
  }
  if (fix !== undefined) text.push(`fix: ${fix}`);
  return text.join('\n');
}
