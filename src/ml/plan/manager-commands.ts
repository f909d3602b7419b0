import type { Manifest } from '../detect/manifest.ts';
import { requirementText } from '../detect/requirements.ts';
import { folderOf } from '../files.ts';

export interface ManagerCommands {
  commands: readonly (readonly string[])[];
  tools: readonly string[];
}

/**
 * The manager's own way to install what its lock says; undefined where pip does it: without a lock, or where the lock names folders of the
 * project, which are not there yet when packages are installed, or lies in another folder than the project's top. `extra` is installed beside it, as pip takes it.
 */
export function managerCommands(manifest: Manifest, extra: readonly string[]): ManagerCommands | undefined {
  const { lock, manager, projects } = manifest;
  const isElsewhere = projects.some(({ path }) => path !== '') || folderOf(lock?.path ?? '') !== '';
  if (lock === undefined || lock.packages.length === 0 || isElsewhere) return undefined;
  const install = installOf(manifest);
  if (install === undefined || !lock.kind.startsWith(LOCK_OF[manager] ?? '\0')) return undefined;
  const beside = [...(manager === 'uv' ? ['uv'] : []), 'pip', 'install', ...extra];
  return { commands: [install, ...(extra.length === 0 ? [] : [beside])], tools: [manager] };
}

/** With digests in a requirements file pip takes nothing without one: what comes beside it is installed on its own. */
export function besideDigests(
  { path, requirements }: Manifest,
  beside: readonly string[],
): ManagerCommands | undefined {
  if (beside.length === 0 || !requirements.some(({ hashed }) => hashed === true)) return undefined;
  const commands = [
    ['pip', 'install', '-r', path],
    ['pip', 'install', ...beside],
  ];
  return { commands, tools: [] };
}

const LOCK_OF: Readonly<Record<string, string>> = { uv: 'uv.lock', pipenv: 'Pipfile.lock' };

/**
 * Options as the manuals of uv and Pipenv give them, 2026-11. Poetry and PDM are left to pip: both bring fifty packages of their own, and Poetry asks
 * for pages that mirrors of the index do not have.
 */
function installOf({ manager, included, extras }: Manifest): string[] | undefined {
  const groups = included.flatMap((name) => [extras.has(name) ? '--extra' : '--group', name]);
  const categories = included.length === 0 ? [] : ['--categories', ['packages', ...included].join(' ')];
  if (manager === 'uv') return ['uv', 'sync', '--frozen', '--no-dev', '--no-install-project', ...groups];
  return manager === 'pipenv' ? ['pipenv', 'sync', ...categories] : undefined;
}

/** What a lock pins a requirement to, as pip takes it; the requirement as it is where the lock does not have it. */
export function lockedText(manifest: Manifest | undefined, name: string, text: string): string {
  const locked = manifest?.lock?.packages.find((item) => item.name === name && item.version !== '');
  if (locked === undefined || locked.url !== undefined) return text;
  const extras = /^[\w.-]+(\[[^\]]*\])/.exec(text)?.[1] ?? '';
  return `${requirementText({ name, extras: [], specifiers: '', marker: '', url: undefined })}${extras}==${locked.version}`;
}
