import type { Rule } from '../rule.ts';
import type { StageView } from '../subject.ts';

/** Images that are known to end as root. */
const ROOT_IMAGE =
  /^(?:docker\.io\/)?(?:library\/)?(?:python|debian|ubuntu|alpine|node|golang|rust|buildpack-deps|busybox|nvidia\/cuda|pytorch\/pytorch|tensorflow\/tensorflow|continuumio\/\w+)(?:[:@]|$)/;

/** A service that is broken into is root of its container. */
export const rootUser: Rule = {
  code: 'RootUser',
  severity: 'hint',
  description: 'services do not run as root',
  isPublic: false,
  *check({ stages }) {
    const target = stages.find(({ isTarget }) => isTarget);
    if (target === undefined || !isService(target) || userOf(target) !== 'root') return;
    yield {
      node: target.stage.from.node,
      message: 'the image runs as root',
      fix: 'add RUN useradd --create-home app and USER app at the end',
    };
  },
};

/** It has something that listens, and something that runs. */
function isService(stage: StageView): boolean {
  const kinds = kindsOf(stage);
  return kinds.has('expose') && (kinds.has('cmd') || kinds.has('entrypoint'));
}

function kindsOf(stage: StageView | undefined): Set<string> {
  if (stage === undefined) return new Set();
  return new Set([...kindsOf(stage.below), ...stage.steps.map(({ instruction }) => instruction.kind)]);
}

/** Undefined if it is not known. */
function userOf(stage: StageView): string | undefined {
  const last = stage.steps.findLast(({ instruction }) => instruction.kind === 'user');
  if (last?.instruction.kind === 'user') {
    const { word, missing } = last.scope.expand(last.instruction.value);
    const [user = ''] = word.split(':');
    return missing.length > 0 ? undefined : user === '' || user === '0' ? 'root' : user;
  }
  if (stage.below !== undefined) return userOf(stage.below);
  if (stage.image !== undefined) return ['', 'root', '0'].includes(stage.image.user.split(':')[0] ?? '') ? 'root' : '';
  return ROOT_IMAGE.test(stage.base) ? 'root' : undefined;
}
