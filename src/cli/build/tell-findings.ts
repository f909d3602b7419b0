import type { Finding } from '#dockerfile/lint/finding.ts';
import { toSarif } from '#dockerfile/lint/sarif.ts';
import { VERSION } from '#lib/version.ts';
import type { Output, Style } from '../output/output.ts';
import { UsageError } from '../parse-options.ts';
import type { Board } from './build-board.ts';
import type { BuildSource } from './build-source.ts';

/** Prints what rules have found, with the line it is about and what to do. */
export function tellFindings(
  output: Output,
  { findings, remarks }: Board,
  { form = 'text', source }: { form: string | undefined; source: BuildSource },
): void {
  for (const text of remarks) output.note(text);
  const { name } = source.dockerfile;
  if (form === 'json') output.line(JSON.stringify({ file: name, findings }, null, 2));
  else if (form === 'sarif') output.line(JSON.stringify(toSarif(findings, { file: name, version: VERSION }), null, 2));
  else if (form === 'text' && findings.length === 0) output.note(`nothing to object to in ${name}`);
  else if (form === 'text') for (const finding of findings) tellFinding(output, finding, source);
  else throw new UsageError(`--format is text, json or sarif, not ${JSON.stringify(form)}`);
}

/** The same in a line each, after a build that was not about them. */
export function nameFindings(output: Output, { findings, remarks }: Board, { dockerfile }: BuildSource): void {
  for (const text of remarks) output.note(text);
  const style = output.style('stderr');
  for (const { code, severity, message, lines } of findings)
    output.note(`${style(COLOURS[severity], `${code}:`)} ${message}${placeOf(lines, dockerfile, style)}`);
  if (findings.length > 0)
    output.note(
      style(
        'dim',
        `${findings.length} ${findings.length === 1 ? 'finding' : 'findings'}; what to do: berth build --check`,
      ),
    );
}

const COLOURS = { error: 'red', warning: 'yellow', hint: 'dim' } as const;

function placeOf(lines: Finding['lines'], { name }: BuildSource['dockerfile'], style: Style): string {
  return lines === undefined ? '' : ` ${style('dim', `(${name}:${lines.start})`)}`;
}

function tellFinding(
  output: Output,
  { code, severity, message, fix, lines }: Finding,
  { dockerfile }: BuildSource,
): void {
  const style = output.style('stderr');
  output.note(`${style(COLOURS[severity], `${code}:`)} ${message}${placeOf(lines, dockerfile, style)}`);
  const line = lines === undefined ? undefined : dockerfile.text?.split('\n')[lines.start - 1];
  if (line !== undefined) output.note(`  ${style('dim', `${lines?.start} |`)} ${line}`);
  if (fix !== undefined) output.note(`  ${style('dim', 'fix:')} ${fix}`);
}
