import { pythonInstallOf } from '../python-install.ts';
import type { Rule } from '../rule.ts';
import { runsOfStage } from '../run-views.ts';

/** Arguments that are new in every build. */
const VOLATILE =
  /^(?:GIT_(?:SHA|COMMIT|REV|REVISION|HASH|BRANCH|TAG)|COMMIT(?:_(?:SHA|HASH|ID))?|CI_COMMIT_\w+|SOURCE_COMMIT|SHA|REVISION|VCS_REF|BUILD_(?:DATE|TIME|NUMBER|ID|TIMESTAMP)|TIMESTAMP)$/i;

/** A RUN depends on all arguments above it, whether it uses them or not. */
export const argBeforeInstall: Rule = {
  code: 'ArgBeforeInstall',
  severity: 'warning',
  description: 'arguments that are new in every build stand below what is installed',
  isPublic: false,
  *check({ stages }) {
    for (const stage of stages)
      for (const { instruction } of stage.steps) {
        if (instruction.kind !== 'arg') continue;
        const name = instruction.args.find((arg) => VOLATILE.test(arg.name))?.name;
        if (name === undefined) continue;
        const install = runsOfStage(stage).find(
          (run) =>
            run.instruction.node.line > instruction.node.line &&
            !run.instruction.node.original.includes(name) &&
            run.commands.some((command) => pythonInstallOf(command) !== undefined || isSystemInstall(command.words)),
        );
        if (install === undefined) continue;
        yield {
          node: instruction.node,
          piece: name,
          message: `every new ${name} runs line ${install.instruction.node.line} again, which does not use it`,
          fix: `move ARG ${name} below it`,
        };
      }
  },
};

function isSystemInstall([program = '', ...args]: readonly string[]): boolean {
  if (program === 'apt-get' || program === 'apt') return args.includes('install');
  if (/^(?:conda|mamba|micromamba)$/.test(program)) return args.includes('install') || args.includes('create');
  return program === 'uv' && args.includes('sync');
}
