import type { Rule } from '../rule.ts';
import { stepsOf } from '../subject.ts';

/** `80/TCP`. */
export const exposeProtoCasing: Rule = {
  code: 'ExposeProtoCasing',
  severity: 'warning',
  description: 'protocols of EXPOSE are written in small letters',
  isPublic: true,
  *check({ stages }) {
    for (const { instruction, scope } of stepsOf(stages)) {
      if (instruction.kind !== 'expose') continue;
      for (const written of instruction.values) {
        const [, protocol] = /\/([A-Za-z]+)$/.exec(scope.expand(written).word) ?? [];
        if (protocol === undefined || protocol === protocol.toLowerCase()) continue;
        const fix = `write /${protocol.toLowerCase()}`;
        yield { node: instruction.node, piece: written, message: `EXPOSE ${written} has a protocol in capitals`, fix };
      }
    }
  },
};
