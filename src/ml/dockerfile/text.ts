/** A comment. Words come from the project: none of them may begin a line of its own. */
export function comment(text: string): string {
  return `# ${oneLine(text)}`;
}

/** A reason as a comment: a sentence. Words that are no words of a language keep their first letter. */
export function reason(text: string): string {
  const line = oneLine(text).replace(/^[a-z]+(?=\s|$)/, (word) => word.charAt(0).toUpperCase() + word.slice(1));
  return comment(`${line}${/[.!?]$/.test(line) ? '' : '.'}`);
}

/** A value in which nothing is replaced, for ENV, LABEL, WORKDIR and the like. */
export function quoted(value: string): string {
  const text = oneLine(value);
  return isPlain(text) ? text : `"${text.replace(/[\\"$]/g, String.raw`\$&`)}"`;
}

/** Words as the shell of RUN reads them; `$` and quotes in them mean themselves. */
export function shellWords(words: readonly string[]): string {
  return words
    .map(oneLine)
    .map((word) => (isPlain(word) ? word : `'${word.replaceAll("'", String.raw`'\''`)}'`))
    .join(' ');
}

/** A COPY of some files into a folder or to a name; names with spaces are written as a list. */
export function copyLine(flags: readonly string[], sources: readonly string[], target: string): string {
  const words = [...sources.map(escapePattern), target];
  const rest = words.every(isPlain) ? words.join(' ') : JSON.stringify(words);
  return ['COPY', ...flags, rest].join(' ');
}

/** A RUN with its mounts on lines of their own. */
export function runLine(mounts: readonly string[], commands: readonly string[]): string {
  return `RUN ${[...mounts.map((mount) => `--mount=${mount} `), commands.join(' \\\n && ')].join('\\\n    ')}`;
}

export function isPlain(word: string): boolean {
  return /^[\w./=@:+,%~^-]+$/.test(word) && !word.startsWith('~');
}

/** COPY reads its sources as patterns. */
function escapePattern(path: string): string {
  return path.replace(/[*?[]/g, '[$&]');
}

function oneLine(text: string): string {
  return text.replace(/[\s\p{Cc}]+/gu, ' ').trim();
}
