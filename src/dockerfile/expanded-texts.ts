import { heredocText } from './heredoc.ts';
import type { StageInstruction } from './instruction.ts';

/** A text of an instruction in which the builder replaces variables. */
export interface ExpandedText {
  text: string;
  isHeredoc: boolean;
}

/** All of them; ARG defaults in whose place something is passed do not count. */
export function expandedTexts(
  instruction: StageInstruction,
  buildArgs: ReadonlyMap<string, string> | undefined,
): ExpandedText[] {
  switch (instruction.kind) {
    case 'copy':
    case 'add': {
      const { sources, target, chown, chmod, exclude, checksum, heredocs } = instruction;
      const files = heredocs.length === 0 ? sources : sources.filter((source) => !source.includes('<<'));
      const bodies = heredocs.filter((heredoc) => heredoc.expand);
      return [
        ...words([...files, target, chown, chmod, checksum, ...exclude]),
        ...bodies.map((heredoc) => ({ text: heredocText(heredoc), isHeredoc: true })),
      ];
    }
    case 'env':
    case 'label':
      return words(instruction.pairs.flatMap(({ name, value }) => [name, value]));
    case 'arg':
      return words(instruction.args.filter(({ name }) => buildArgs?.has(name) !== true).map(({ value }) => value));
    case 'expose':
    case 'volume':
      return words(instruction.values);
    case 'stopsignal':
    case 'user':
    case 'workdir':
      return words([instruction.value]);
    case 'run':
      return words(instruction.mounts);
    default:
      return [];
  }
}

function words(texts: readonly (string | undefined)[]): ExpandedText[] {
  return texts.flatMap((text) => (text === undefined ? [] : [{ text, isHeredoc: false }]));
}
