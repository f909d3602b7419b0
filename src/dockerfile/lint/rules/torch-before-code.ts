import { contextPathOf, isWholeContextCopy } from '../context-copy.ts';
import type { LintFacts } from '../facts.ts';
import { type PythonInstall, pythonInstallOf } from '../python-install.ts';
import type { Rule } from '../rule.ts';
import { type RunView, runsOfStage } from '../run-views.ts';
import type { LintSubject } from '../subject.ts';

/** Code changes with every build: what is installed below it is installed anew each time. */
export const torchBeforeCode: Rule = {
  code: 'TorchBeforeCode',
  severity: 'warning',
  description: 'packages are installed before the code is copied',
  isPublic: false,
  needs: 'context',
  *check(subject) {
    if (takesLittle(subject)) return;
    for (const stage of subject.stages) {
      const copy = stage.steps
        .map(({ instruction }) => instruction)
        .filter(isWholeContextCopy)
        .find(({ exclude }) => exclude.length === 0);
      if (copy === undefined) continue;
      const install = runsOfStage(stage).find(
        (run) => run.instruction.node.line > copy.node.line && installsDependencies(run, subject.facts),
      );
      if (install === undefined) continue;
      yield {
        node: copy.node,
        message: `any change of the code installs the packages of line ${install.instruction.node.line} again`,
        fix: `copy only ${fileOf(install)} before that line, and the rest after it`,
      };
    }
  },
};

/** Whether the ignore file lets only a few things in. */
function takesLittle({ facts: { ignore = [] } }: LintSubject): boolean {
  return ignore.some((line) => line === '*' || line === '**');
}

/** Installs more than the project itself: that needs its code. */
function installsDependencies(run: RunView, facts: LintFacts): boolean {
  return run.commands.some((command) => {
    const install = pythonInstallOf(command);
    if (install !== undefined)
      return install.files.length + install.requirements.length > 0 && !needsCode(run, { install, facts });
    const [program = '', ...args] = command.words;
    const [verb = ''] = args.filter((arg) => !arg.startsWith('-'));
    if (program === 'uv') return verb === 'sync';
    if (program === 'poetry' || program === 'pipenv' || program === 'pdm') return verb === 'install' || verb === 'sync';
    if (/^(?:conda|mamba|micromamba)$/.test(program)) return verb === 'env' || verb === 'install';
    return (program === 'npm' && (verb === 'ci' || verb === 'install')) || (program === 'yarn' && verb === 'install');
  });
}

/** Whether the project itself is among what is installed. */
function needsCode(run: RunView, { install, facts }: { install: PythonInstall; facts: LintFacts }): boolean {
  return (
    install.projects.length > 0 ||
    install.files.some((file) => {
      const path = contextPathOf(run, file);
      const text = path === undefined ? undefined : facts.text?.(path);
      return text !== undefined && /^\s*(?:-e\s|--editable|\.)/m.test(text);
    })
  );
}

function fileOf({ commands }: RunView): string {
  for (const command of commands) {
    const [file] = pythonInstallOf(command)?.files ?? [];
    if (file !== undefined) return file;
    const [program = ''] = command.words;
    if (program === 'uv') return 'pyproject.toml and uv.lock';
    if (program === 'poetry') return 'pyproject.toml and poetry.lock';
    if (program === 'npm') return 'package.json and package-lock.json';
    if (/^(?:conda|mamba|micromamba)$/.test(program)) return 'environment.yml';
  }
  return 'what it reads';
}
