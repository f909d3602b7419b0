import { cleanPath } from '#dockerfile/clean-path.ts';
import { parseGitReference } from '#dockerfile/git-reference.ts';
import { parseHeredoc } from '#dockerfile/heredoc.ts';
import type { StageInstruction } from '#dockerfile/instruction.ts';
import { parseMountFlag } from '#dockerfile/mount-flag.ts';
import type { Plan } from '../stages/plan.ts';

/**
 * Paths of the context that the steps of a plan will ask for. Words with variables are left out: what they mean is known when their step comes.
 */
export function contextPaths({ stages }: Plan): string[] {
  const words = stages.flatMap(({ stage }) => stage.instructions.flatMap(wordsOf));
  return [...new Set(words.filter((word) => !word.includes('$')).map(pathOf))].toSorted();
}

/** Whether all that is wanted was asked for: by itself, or with a folder above it. */
export function covers(only: readonly string[] | undefined, wanted: readonly string[]): boolean {
  if (only === undefined || only.includes('')) return true;
  return wanted.every((path) => only.some((asked) => path === asked || path.startsWith(`${asked}/`)));
}

/** The path or pattern that a word of COPY names, of `--parents` with its pivot taken out; all of a folder where the pattern goes through it. */
export function pathOf(word: string): string {
  const parts = cleanPath(`/${word.replace('/./', '/')}`)
    .slice(1)
    .split('/');
  const deep = parts.findIndex((part) => part.includes('**'));
  return parts.slice(0, deep < 0 ? undefined : deep).join('/');
}

function wordsOf(instruction: StageInstruction): string[] {
  if (instruction.kind === 'run') return instruction.mounts.flatMap(mountSource);
  if (instruction.kind !== 'copy' && instruction.kind !== 'add') return [];
  if (instruction.from !== undefined && instruction.from !== '') return [];
  return instruction.sources.filter((word) => parseHeredoc(word) === undefined && !isRemote(instruction.kind, word));
}

function isRemote(kind: 'copy' | 'add', word: string): boolean {
  if (kind === 'copy') return false;
  try {
    return /^https?:\/\//i.test(word) || parseGitReference(word)?.looksLocal === false;
  } catch {
    return true; // told when its step comes
  }
}

function mountSource(text: string): string[] {
  try {
    const { type, from, source } = parseMountFlag(text);
    return type === 'bind' && from === '' ? [source] : [];
  } catch {
    return text.includes('$') ? [] : ['']; // told when its step comes
  }
}
