import { cleanPath } from '../../clean-path.ts';
import { copiesOf } from '../context-copy.ts';
import { formatBytes } from '../format-bytes.ts';
import type { Rule } from '../rule.ts';
import { type RunView, runsOf } from '../run-views.ts';
import type { StageView } from '../subject.ts';

/** Less is not worth a word. */
const LEAST_BYTES = 10_000_000;

/** A layer cannot change an owner without holding the whole file again. */
export const chownDuplicatesLayer: Rule = {
  code: 'ChownDuplicatesLayer',
  severity: 'warning',
  description: 'owners and modes are set where files come in, not afterwards',
  isPublic: false,
  needs: 'result',
  *check({ stages, facts }) {
    for (const run of runsOf({ stages: stages.filter(({ isInResult }) => isInResult) })) {
      const { node } = run.instruction;
      const bytes = facts.layerBytes?.(node.line);
      if (bytes !== undefined && bytes < LEAST_BYTES) continue;
      const found = recursiveChange(run, bytes !== undefined);
      if (found === undefined) continue;
      const size = bytes === undefined ? 'every file' : formatBytes(bytes);
      yield {
        node,
        piece: found.program,
        message: `${found.program} -R ${found.path} puts ${size} below it into a layer once more`,
        fix:
          found.program === 'chown'
            ? 'use COPY --chown=<user>, or change to the user before the files are made'
            : 'use COPY --chmod=<mode>, or set the mode in the RUN that makes the files',
      };
    }
  },
};

function recursiveChange(run: RunView, isKnownLarge: boolean): { program: string; path: string } | undefined {
  for (const [index, { words }] of run.commands.entries()) {
    const [program = '', ...args] = words;
    if (program !== 'chown' && program !== 'chmod' && program !== 'chgrp') continue;
    const isRecursive = args.some((arg) => /^-[a-zA-Z]*R|^--recursive$/.test(arg));
    const paths = args.filter((arg) => !arg.startsWith('-')).slice(1);
    for (const written of isRecursive ? paths : []) {
      const path = pathOf(run, written);
      if (path === undefined || isMadeHere(run, index, path)) continue;
      if (isKnownLarge || wasFilled(run, path)) return { program, path: written };
    }
  }
  return undefined;
}

function pathOf({ scope }: RunView, written: string): string | undefined {
  const { word, missing, isBroken } = scope.expand(written);
  return isBroken || missing.length > 0 || !word.startsWith('/') ? undefined : cleanPath(word.replace(/\/\*$/, ''));
}

/** Whether an earlier command of the same RUN names it: then its files are new in this layer. */
function isMadeHere({ commands }: RunView, index: number, path: string): boolean {
  return commands.slice(0, index).some(({ words }) => {
    const [program] = words;
    if (program === 'chown' || program === 'chmod' || program === 'ls' || program === 'test') return false;
    return words.some((word) => word === path || word.startsWith(`${path}/`) || word.endsWith(`=${path}`));
  });
}

/** Whether an earlier COPY of the stage, or of those below, puts files there. */
function wasFilled({ stage, instruction }: RunView, path: string): boolean {
  return isFilled(stage, { path, before: instruction.node.line });
}

function isFilled(stage: StageView | undefined, place: { path: string; before: number }): boolean {
  if (stage === undefined) return false;
  const isHere = copiesOf(stage).some(
    ({ target, line }) => line < place.before && (isWithin(target, place.path) || isWithin(place.path, target)),
  );
  return isHere || isFilled(stage.below, place);
}

function isWithin(path: string, folder: string): boolean {
  return path === folder || path.startsWith(folder === '/' ? '/' : `${folder}/`);
}
