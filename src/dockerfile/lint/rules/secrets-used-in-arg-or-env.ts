import type { StageInstruction } from '../../instruction.ts';
import type { Rule } from '../rule.ts';
import { stepsOf } from '../subject.ts';

const SECRET = /(?:^|_)(?:apikey|auth|credentials?|key|password|pword|passwd|secret|token)(?:_|$)/i;
const HARMLESS = /(?:^|_)(?:public|file|version)(?:_|$)/i;

/** Values of ARG and ENV can be read by whoever has the image. */
export const secretsUsedInArgOrEnv: Rule = {
  code: 'SecretsUsedInArgOrEnv',
  severity: 'warning',
  description: 'secrets come by RUN --mount=type=secret, not by ARG or ENV',
  isPublic: true,
  *check({ stages }) {
    for (const { instruction } of stepsOf(stages))
      for (const name of namesOf(instruction)) {
        if (!SECRET.test(name) || HARMLESS.test(name)) continue;
        yield {
          node: instruction.node,
          piece: name,
          message: `${instruction.node.instruction} ${name} looks like a secret: whoever has the image can read it`,
          fix: `use RUN --mount=type=secret,id=${name.toLowerCase()},env=${name}`,
        };
      }
  },
};

function namesOf(instruction: StageInstruction): string[] {
  if (instruction.kind === 'arg') return instruction.args.map(({ name }) => name);
  return instruction.kind === 'env' ? instruction.pairs.map(({ name }) => name) : [];
}
