import type { Rule } from '../rule.ts';
import type { LintSubject, StageView } from '../subject.ts';

/** The image behind `latest` changes, and the build with it. */
export const latestTag: Rule = {
  code: 'LatestTag',
  severity: 'warning',
  description: 'images are named with a version',
  isPublic: false,
  *check(subject) {
    for (const stage of subject.stages) {
      const { node } = stage.stage.from;
      if (stage.baseStage === undefined && isMoving(stage.base, subject))
        yield {
          node,
          piece: stage.stage.from.base,
          message: `${stage.base} is whatever is the newest on the day of the build`,
          fix: `name a version: ${stage.base.replace(/:latest$/, '')}:<version>`,
        };
      for (const { instruction } of stage.steps) {
        const from = instruction.kind === 'copy' && 'from' in instruction ? (instruction.from ?? '') : '';
        if (from === '' || isStage(from, { stage, subject }) || !isMoving(from, subject)) continue;
        yield {
          node: instruction.node,
          piece: `--from=${from}`,
          message: `${from} is whatever is the newest on the day of the build`,
          fix: `name a version: ${from.replace(/:latest$/, '')}:<version>`,
        };
      }
    }
  },
};

/** An image without a version. One without a registry and a folder that is close to a stage's name is told elsewhere. */
function isMoving(name: string, { facts }: LintSubject): boolean {
  if (name === '' || name === 'scratch' || name.includes('@') || facts.isNamedContext?.(name) === true) return false;
  if (/^(?:sha256:)?[0-9a-f]{12,64}$/.test(name)) return false;
  const last = name.slice(name.lastIndexOf('/') + 1);
  return !last.includes(':') || last.endsWith(':latest');
}

function isStage(from: string, { stage, subject }: { stage: StageView; subject: LintSubject }): boolean {
  if (/^\d+$/.test(from)) return true;
  const names = subject.all.map(({ stage: { from: written } }) => written.name);
  return names.includes(from.toLowerCase()) || stage.label === from;
}
