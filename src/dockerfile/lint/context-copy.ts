import { cleanPath } from '../clean-path.ts';
import type { CopyInstruction, StageInstruction } from '../instruction.ts';
import type { RunView } from './run-views.ts';
import { resolvePath, type Scope, type StageView } from './subject.ts';

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

/** Where a source of COPY lands: in the target if that must be a folder. */
export function landingOf(
  { target, sources }: CopyInstruction,
  { source, scope, workdir }: { source: string; scope: Scope; workdir: string },
): string {
  const written = scope.expand(target).word;
  const isFolder = sources.length > 1 || /(?:^|\/)\.{0,2}$/.test(written);
  const name = source.slice(source.lastIndexOf('/') + 1);
  return resolvePath(isFolder ? `${written}/${name}` : written, workdir);
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
  for (const { instruction, scope, workdir } of stage.steps.toReversed()) {
    if (instruction.node.line >= place.before || !isContextCopy(instruction)) continue;
    for (const written of instruction.sources) {
      const source = scope.expand(written).word;
      const target = resolvePath(scope.expand(instruction.target).word, workdir);
      const landing = landingOf(instruction, { source, scope, workdir });
      // What is in a folder lands in the target itself; a name without a dot is most likely one.
      const isFolder = !source.slice(source.lastIndexOf('/') + 1).includes('.') || /(?:^|\/)\.?$/.test(source);
      const found =
        below(place.path, { folder: landing, source }) ??
        (isFolder ? below(place.path, { folder: target, source }) : undefined);
      if (found !== undefined) return found;
    }
  }
  return copiedFrom(stage.below, place);
}

function below(path: string, { folder, source }: { folder: string; source: string }): string | undefined {
  if (path !== folder && !path.startsWith(folder === '/' ? '/' : `${folder}/`)) return undefined;
  return cleanPath(`/${source}/${path.slice(folder.length)}`).slice(1);
}
