import { contextPathOf } from '../context-copy.ts';
import { isPinned, type PythonInstall, pythonInstallOf, readRequirements, requirementName } from '../python-install.ts';
import type { Rule } from '../rule.ts';
import { runsOf, type RunView } from '../run-views.ts';
import type { LintSubject } from '../subject.ts';

/** Tools that are there to install others. */
const TOOLS = new Set([
  'pip',
  'setuptools',
  'wheel',
  'uv',
  'poetry',
  'pipx',
  'build',
  'hatch',
  'pdm',
  'pip-tools',
  'pipenv',
]);
const SHOWN = 3;

/** What is installed depends on the day: the cached layer is stale, and the next machine gets something else. */
export const unpinnedRequirement: Rule = {
  code: 'UnpinnedRequirement',
  severity: 'warning',
  description: 'Python packages are installed in a version that is written down',
  isPublic: false,
  needs: 'context',
  *check(subject) {
    if (subject.facts.isLocked === true) return;
    for (const run of runsOf(subject)) {
      const { instruction, commands } = run;
      const installs = commands.map(pythonInstallOf).filter((install) => install !== undefined);
      const names = new Set(installs.flatMap((install) => unpinnedOf(install, { run, subject })));
      if (names.size === 0) continue;
      const shown = [...names].slice(0, SHOWN).join(', ');
      const more = names.size > SHOWN ? ` and ${names.size - SHOWN} more` : '';
      yield {
        node: instruction.node,
        piece: [...names].find((name) => instruction.node.original.includes(name)) ?? '',
        message: `installed in whatever version is the newest: ${shown}${more}`,
        fix: 'write versions (name==1.2.3), or keep what was installed with berth build --lock build.lock',
      };
    }
  },
};

function unpinnedOf(
  install: PythonInstall,
  { run, subject: { facts } }: { run: RunView; subject: LintSubject },
): string[] {
  if (install.constraints.length > 0) return [];
  const named = install.requirements.filter((text) => !isPinned(text)).map(requirementName);
  const listed = install.files.flatMap((file) => {
    const path = contextPathOf(run, file);
    const text = path === undefined ? undefined : facts.text?.(path);
    return text === undefined ? [] : unpinnedOfFile(text);
  });
  return [...named, ...listed].filter((name) => name !== '' && !TOOLS.has(name));
}

function unpinnedOfFile(text: string): string[] {
  const { requirements, options } = readRequirements(text);
  if (options.some((option) => /^(?:-c|--constraint)\b/.test(option))) return [];
  return requirements.filter((requirement) => !isPinned(requirement)).map(requirementName);
}
