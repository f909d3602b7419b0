import { baseOf } from '../files.ts';
import type { ProjectPlan } from '../plan/plan.ts';

/** How a package manager installs what its lock says into `/opt/venv`. */
export interface ManagerInstall {
  /** What pip installs for it. */
  tools: readonly string[];
  commands: readonly (readonly string[])[];
  environment: Readonly<Record<string, string>>;
  why: string;
}

interface Row extends Omit<ManagerInstall, 'environment'> {
  lock: RegExp;
}

/** Manuals of uv, Poetry, PDM, Pipenv and PEP 751, 2025. */
const BY_LOCK: readonly Row[] = [
  {
    lock: /^uv\.lock$/,
    tools: ['uv'],
    commands: [['uv', 'sync', '--frozen', '--no-dev', '--no-install-project']],
    why: 'uv installs what uv.lock says',
  },
  {
    lock: /^poetry\.lock$/,
    tools: ['poetry'],
    commands: [['poetry', 'install', '--only', 'main', '--no-root', '--no-interaction']],
    why: 'Poetry installs what poetry.lock says',
  },
  {
    lock: /^pdm\.lock$/,
    tools: ['pdm'],
    commands: [['pdm', 'sync', '--prod', '--no-self']],
    why: 'PDM installs what pdm.lock says',
  },
  {
    lock: /^Pipfile\.lock$/,
    tools: ['pipenv'],
    commands: [['pipenv', 'sync']],
    why: 'Pipenv installs what Pipfile.lock says',
  },
];

const ENVIRONMENTS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  uv: {
    UV_PROJECT_ENVIRONMENT: '/opt/venv',
    UV_COMPILE_BYTECODE: '1',
    UV_LINK_MODE: 'copy',
    UV_PYTHON_DOWNLOADS: 'never',
  },
  poetry: { POETRY_VIRTUALENVS_CREATE: 'false' },
  pdm: { PDM_CHECK_UPDATE: 'false' },
  pipenv: { PIPENV_VERBOSITY: '-1' },
};

/**
 * pip installs the same from the versions of their locks, without them: they have many dependencies of their own, which nobody pins and the
 * project does not need.
 */
const LEFT_TO_PIP: readonly string[] = ['poetry', 'pdm', 'pipenv'];

/** Caches that a tool has below root's home. */
export const TOOL_CACHES: Readonly<Record<string, string>> = {
  pip: '/root/.cache/pip',
  uv: '/root/.cache/uv',
  poetry: '/root/.cache/pypoetry',
  pdm: '/root/.cache/pdm',
  pipenv: '/root/.cache/pipenv',
};

/** The manager's own way, where the plan names commands or there is a lock of it; undefined where pip installs. */
export function managerInstall(plan: ProjectPlan): ManagerInstall | undefined {
  const found = ownWay(plan);
  const { pins, arguments: words } = plan.install;
  const isLeftToPip = found?.commands.every(([program = '']) => LEFT_TO_PIP.includes(program)) === true;
  return isLeftToPip && pins.length > 0 && words.length > 0 ? undefined : found;
}

function ownWay({ install, lock }: ProjectPlan): ManagerInstall | undefined {
  if (install.exact !== undefined || install.commands?.length === 0) return undefined;
  if (install.commands !== undefined && install.commands.length > 0) {
    const tools = install.tools ?? [];
    const names = install.commands.map(([program = '']) => program);
    const why = `${names[0] ?? 'the project'} installs what ${lock?.path ?? 'the project'} says`;
    return { tools, commands: install.commands, environment: environmentOf(names), why };
  }
  const row = lock === null ? undefined : BY_LOCK.find((candidate) => candidate.lock.test(baseOf(lock.path)));
  if (row === undefined) return undefined;
  return { ...row, environment: environmentOf(row.commands.map(([program = '']) => program)) };
}

function environmentOf(programs: readonly string[]): Record<string, string> {
  return Object.assign({}, ...programs.map((program) => ENVIRONMENTS[program] ?? {})) as Record<string, string>;
}
