/** One command of a transcript and what it is expected to write. */
export interface Exchange {
  command: string;
  expected: readonly string[];
  exitCode: number;
  /** Line of the file, for messages. */
  line: number;
}

/** What may stand for text that differs from run to run. */
const MARKS: Readonly<Record<string, string>> = {
  '…': '.*',
  '<id>': '[0-9a-f]{12}',
  '<ID>': '[0-9a-f]{64}',
  '<number>': '\\d+(?:\\.\\d+)?',
  '<time>': '(?:Less than a second|About a minute|\\d+ \\w+)',
};

/**
 * Reads a transcript: `$ command`, then the lines it writes, then `[exit N]` unless it ends with 0. Lines before the first command and
 * lines that begin with `#` in the first column are comments; empty lines before the next command are not part of the output.
 */
export function parseTranscript(text: string): Exchange[] {
  const exchanges: { command: string; expected: string[]; exitCode: number; line: number }[] = [];
  for (const [index, line] of text.split('\n').entries()) {
    const last = exchanges.at(-1);
    const [, code] = /^\[exit (\d+)\]$/.exec(line) ?? [];
    if (line.startsWith('$ ')) exchanges.push({ command: line.slice(2), expected: [], exitCode: 0, line: index + 1 });
    else if (last === undefined || line.startsWith('# ')) continue;
    else if (code !== undefined) last.exitCode = Number(code);
    else last.expected.push(line);
  }
  for (const { expected } of exchanges) while (expected.at(-1) === '') expected.pop();
  return exchanges;
}

/** Whether a program wrote the lines expected; a line of `...` stands for any lines. */
export function matches(output: string, expected: readonly string[]): boolean {
  const pattern = expected.map((line) => (line === '...' ? '(?:.*\\n)*' : `${linePattern(line)}\\n`)).join('');
  return new RegExp(`^${pattern}$`).test(`${output.trimEnd()}\n`.replace(/^\n$/, ''));
}

function linePattern(line: string): string {
  const parts = line.split(new RegExp(`(${Object.keys(MARKS).join('|')})`));
  return parts.map((part) => MARKS[part] ?? RegExp.escape(part)).join('');
}
