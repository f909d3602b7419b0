import { cleanPath } from '../clean-path.ts';
import type { CopyInstruction, StageInstruction } from '../instruction.ts';
import type { RunView } from './run-views.ts';
import { resolvePath, type StageView } from './subject.ts';

/** COPY or ADD of files of the context. */
export function isContextCopy(instruction: StageInstruction): instruction is CopyInstruction {
  if (instruction.kind !== 'copy' && instruction.kind !== 'add') return false;
  const { from } = instruction;
  return from === undefined || from === '';
}

/** COPY or ADD of the whole context. */
export function isWholeContextCopy(instruction: StageInstruction): instruction is CopyInstruction {
  return (
    isContextCopy(instruction) && instruction.sources.some((source) => ['.', './', '/', '*', './*'].includes(source))
  );
}

/** A source of COPY or ADD, and where it lands. */
export interface CopiedFile {
  kind: 'copy' | 'add';
  source: string;
  /** The folder or file that is named. */
  target: string;
  /** What lies there afterwards, as far as it can be told. */
  landing: string;
  line: number;
  isContext: boolean;
}

const known = new WeakMap<StageView, CopiedFile[]>();

/** What COPY and ADD of one stage bring in, in their order. */
export function copiesOf(stage: StageView): readonly CopiedFile[] {
  const before = known.get(stage);
  if (before !== undefined) return before;
  const copies = stage.steps.flatMap(({ instruction, scope, workdir }): CopiedFile[] => {
    if (!('sources' in instruction)) return [];
    const { kind, node } = instruction;
    const written = scope.expand(instruction.target).word;
    const target = resolvePath(written, workdir);
    const isFolder = instruction.sources.length > 1 || /(?:^|\/)\.{0,2}$/.test(written);
    return instruction.sources.map((text) => {
      const source = scope.expand(text).word;
      const name = cleanPath(`/${source}`).split('/').at(-1) ?? '';
      const landing = isFolder ? resolvePath(`${written}/${name}`, workdir) : target;
      return { kind, source, target, landing, line: node.line, isContext: isContextCopy(instruction) };
    });
  });
  known.set(stage, copies);
  return copies;
}

/** The file of the context behind a path that a RUN names; undefined if it cannot be told. */
export function contextPathOf(
  { stage, scope, workdir, instruction, mounts }: RunView,
  written: string,
): string | undefined {
  const { word, missing, isBroken } = scope.expand(written);
  if (isBroken || missing.length > 0 || word === '') return undefined;
  const path = resolvePath(word, workdir);
  for (const { type, from, source, target } of mounts) {
    if (type !== 'bind' || from !== '') continue;
    const found = below(path, { folder: resolvePath(target, workdir), source });
    if (found !== undefined) return found;
  }
  return copiedFrom(stage, { path, before: instruction.node.line });
}

function copiedFrom(stage: StageView | undefined, place: { path: string; before: number }): string | undefined {
  if (stage === undefined) return undefined;
  for (const { source, target, landing, line, isContext } of copiesOf(stage).toReversed()) {
    if (line >= place.before || !isContext) continue;
    // What is in a folder lands in the target itself; a name without a dot is most likely one.
    const isFolder = !source.slice(source.lastIndexOf('/') + 1).includes('.') || /(?:^|\/)\.?$/.test(source);
    const found =
      below(place.path, { folder: landing, source }) ??
      (isFolder ? below(place.path, { folder: target, source }) : undefined);
    if (found !== undefined) return found;
  }
  return copiedFrom(stage.below, place);
}

function below(path: string, { folder, source }: { folder: string; source: string }): string | undefined {
  if (path !== folder && !path.startsWith(folder === '/' ? '/' : `${folder}/`)) return undefined;
  return cleanPath(`/${source}/${path.slice(folder.length)}`).slice(1);
}
