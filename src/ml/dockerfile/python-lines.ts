import type { ProjectPlan } from '../plan/plan.ts';
import { comment, reason, runLine } from './text.ts';

/** Python of each Ubuntu, from its package python3. */
const OF_UBUNTU: Readonly<Record<string, string>> = { '20.04': '3.8', '22.04': '3.10', '24.04': '3.12' };

/** Whether the base image has no Python of its own, as images for CUDA. */
export function lacksPython({ base }: Pick<ProjectPlan, 'base'>): boolean {
  return ubuntuOf(base) !== undefined;
}

/**
 * Brings Python into an image of Ubuntu: the distribution's own where that is the one, else from the archive with the other versions. It is used
 * through an environment, so that it is called as everywhere else.
 */
export function pythonLines(plan: ProjectPlan, folder: string): string[] {
  const ubuntu = ubuntuOf(plan.base);
  if (ubuntu === undefined) return [];
  const { version } = plan.python;
  const isOwn = OF_UBUNTU[ubuntu] === version;
  const name = isOwn ? 'python3' : `python${version}`;
  const install = 'apt-get install -y --no-install-recommends';
  const archive = [`${install} software-properties-common`, 'add-apt-repository -y ppa:deadsnakes/ppa'];
  return [
    reason(isOwn ? `Python ${version} is the one of this Ubuntu` : `this Ubuntu has another Python: ${version} comes from deadsnakes`),
    '# hadolint ignore=DL3008',
    runLine([], [
      'export DEBIAN_FRONTEND=noninteractive',
      'apt-get update',
      ...(isOwn ? [] : archive),
      `${install} ${name} ${name}-venv ${name}-dev`,
      'rm -rf /var/lib/apt/lists/*',
      `${name} -m venv ${folder}`,
    ]),
    comment('What is called python and pip is that of the environment.'),
    `ENV VIRTUAL_ENV=${folder} PATH=${folder}/bin:$PATH`,
  ];
} // prettier-ignore

function ubuntuOf(base: string): string | undefined {
  if (/^(?:[\w.-]+\/)*python:/.test(base)) return undefined;
  return /ubuntu-?(\d\d\.\d\d)/.exec(base)?.[1];
}
