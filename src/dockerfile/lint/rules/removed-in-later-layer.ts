import { copiesOf } from '../context-copy.ts';
import type { Rule } from '../rule.ts';
import { runsOfStage } from '../run-views.ts';
import { resolvePath, type StageView } from '../subject.ts';

/** What a layer holds stays in the image, also when a later one hides it. */
export const removedInLaterLayer: Rule = {
  code: 'RemovedInLaterLayer',
  severity: 'warning',
  description: 'files that are not to stay are not copied into a layer of their own',
  isPublic: false,
  *check({ stages }) {
    for (const stage of stages.filter(({ isInResult }) => isInResult)) {
      const copied = copiedFiles(stage);
      for (const { instruction, commands, workdir } of runsOfStage(stage)) {
        const removed = commands
          .filter(({ words: [program] }) => program === 'rm')
          .flatMap(({ words }) => words.slice(1).filter((word) => !/^-|[$`*]/.test(word)))
          .map((word) => resolvePath(word, workdir));
        const path = removed.find((word) => (copied.get(word) ?? Infinity) < instruction.node.line);
        if (path === undefined) continue;
        yield {
          node: instruction.node,
          piece: path.slice(path.lastIndexOf('/') + 1),
          message: `${path} stays in the image: it is in the layer of line ${copied.get(path) ?? 0}`,
          fix: 'use RUN --mount=type=bind instead of the COPY',
        };
      }
    }
  },
};

/** Where COPY puts files, with its lines. */
function copiedFiles(stage: StageView): Map<string, number> {
  // What ADD unpacks does not lie there.
  const whole = copiesOf(stage).filter(
    ({ kind, source }) => kind === 'copy' || !/\.(?:tar|tgz|txz|tbz2|tar\.\w+)$/.test(source),
  );
  return new Map(whole.map(({ landing, line }) => [landing, line]));
}
