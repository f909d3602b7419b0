import { VERSION } from '#lib/version.ts';
import type { LintFinding } from '#ml/lint/lint-project.ts';
import { toSarif } from '#ml/lint/sarif.ts';
import { type LintedFolder, lintFolder } from '#project/lint-folder.ts';
import { type Context, defineCommand } from '../command.ts';

/** `berth lint DIR` */
export const lint = defineCommand({
  usage: '[options] [DIR]',
  details:
    'Looks at requirements, code, models, Dockerfile and compose files together, and says what people come to regret and what mends it.\nNothing is run, no network is needed. Ends with 1 if there are errors. Rules: docs/rules.md.',
  options: {
    fix: { kind: 'flag', help: 'Mend what can be mended safely, and show it' },
    json: { kind: 'flag', help: 'Print the findings as JSON' },
    sarif: { kind: 'flag', help: 'Print the findings as SARIF, for code hosts and editors' },
    skip: { kind: 'list', value: 'CODE', help: 'Leave a rule out' },
    strict: { kind: 'flag', help: 'Warnings count as errors' },
  },
  words: { min: 0, max: 1 },
  async run({ output }, { options, words: [directory = '.'] }) {
    const { fix, json, sarif, skip, strict } = options;
    const linted = await lintFolder(directory, { skip, fix });
    const { findings } = linted;
    if (sarif) output.line(JSON.stringify(toSarif(findings, VERSION), null, 2));
    else if (json) output.line(JSON.stringify({ schemaVersion: 1, findings: findings.map(withoutEdit) }, null, 2));
    else show(output, linted);
    return findings.some(({ severity }) => severity === 'error' || (strict && severity === 'warning')) ? 1 : 0;
  },
});

function withoutEdit({ edit, ...finding }: LintFinding): object {
  return { ...finding, fixable: edit !== undefined };
}

const COLOURS = { error: 'red', warning: 'yellow', note: 'dim' } as const;

function show(output: Context['output'], { findings, mended }: LintedFolder): void {
  const style = output.style('stdout');
  for (const { diff } of mended)
    for (const line of diff.trimEnd().split('\n'))
      output.line(line.startsWith('+') ? style('green', line) : line.startsWith('-') ? style('red', line) : line);
  for (const { code, severity, message, file, line, fix, edit } of findings) {
    const place = file === null ? '' : `${file}${line === null || line === 0 ? '' : `:${line}`}: `;
    output.line(`${place}${style(COLOURS[severity], `${severity} ${code}`)} ${message}`);
    if (fix !== null) output.line(style('dim', `  → ${fix}${edit === undefined ? '' : '   (berth lint --fix)'}`));
  }
  const counts = (['error', 'warning', 'note'] as const).flatMap((severity) => {
    const count = findings.filter((finding) => finding.severity === severity).length;
    return count === 0 ? [] : [`${count} ${severity}${count === 1 ? '' : 's'}`];
  });
  const summary = counts.length === 0 ? 'nothing to object to' : counts.join(', ');
  output.line(mended.length === 0 ? summary : `mended ${mended.map(({ path }) => path).join(', ')}; ${summary}`);
}
