import type { Finding } from '#dockerfile/lint/finding.ts';
import { toSarif } from '#dockerfile/lint/sarif.ts';
import { VERSION } from '#lib/version.ts';
import type { Output } from '../output/output.ts';
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
  else if (form === 'text') for (const finding of findings) tellFinding(output, finding, source);
  else throw new UsageError(`--format is text, json or sarif, not ${JSON.stringify(form)}`);
}

function tellFinding(
  output: Output,
  { code, severity, message, fix, lines }: Finding,
  { dockerfile }: BuildSource,
): void {
  const style = output.style('stderr');
  const colour = severity === 'error' ? 'red' : severity === 'warning' ? 'yellow' : 'dim';
  const place = lines === undefined ? '' : ` ${style('dim', `(${dockerfile.name}:${lines.start})`)}`;
  output.note(`${style(colour, `${code}:`)} ${message}${place}`);
  const line = lines === undefined ? undefined : dockerfile.text?.split('\n')[lines.start - 1];
  if (line !== undefined) output.note(`  ${style('dim', `${lines?.start} |`)} ${line}`);
  if (fix !== undefined) output.note(`  ${style('dim', 'fix:')} ${fix}`);
}
