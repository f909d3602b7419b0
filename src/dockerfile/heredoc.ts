import { InvalidArgumentError } from '#lib/errors.ts';
import { expand } from './expand.ts';

/** Text that stands in the Dockerfile below the instruction which uses it. */
export interface Heredoc {
  /** The word that ends it. */
  name: string;
  content: string;
  /** Whether variables in it are replaced: its word has no quotes. */
  expand: boolean;
  /** The form `<<-`: tabs at the beginning of each line go. */
  stripTabs: boolean;
  /** The number before `<<`, 0 without one. */
  descriptor: number;
}

const WORD = /^(\d*)<<(-?)([^<]*)$/;
const NOTHING: ReadonlyMap<string, string> = new Map();

/** The heredocs that a line opens, without their content. */
export function heredocsOf(line: string): Heredoc[] {
  // A blank may stand between `<<` and the word.
  const closed = line.replace(/(^|\s)(\d*<<)[ \t]+(?=\S)/g, '$1$2');
  return wordsOf(closed)
    .map(parseHeredoc)
    .filter((heredoc) => heredoc !== undefined);
}

/** One word as a heredoc; undefined if it is none. */
export function parseHeredoc(word: string): Heredoc | undefined {
  const [, descriptor = '', dash, rest = ''] = WORD.exec(word) ?? [];
  if (rest === '') return undefined;
  try {
    const [name, ...more] = expand(rest, NOTHING, { keepUnset: true }).words;
    const [quoted] = expand(rest, NOTHING, { keepUnset: true, keepQuotes: true, keepEscapes: true }).words;
    if (name === undefined || more.length > 0) return undefined;
    return {
      name,
      content: '',
      expand: name === quoted,
      stripTabs: dash === '-',
      descriptor: Number(descriptor),
    };
  } catch (error) {
    if (error instanceof InvalidArgumentError) return undefined;
    throw error;
  }
}

function wordsOf(line: string): string[] {
  try {
    return expand(line, NOTHING, { keepUnset: true, keepQuotes: true, keepEscapes: true }).words;
  } catch (error) {
    if (error instanceof InvalidArgumentError) return [];
    throw error;
  }
}

/** The content as it is used: without the tabs that `<<-` strips. */
export function heredocText({ content, stripTabs }: Heredoc): string {
  return stripTabs ? content.replace(/^\t+/gm, '') : content;
}
