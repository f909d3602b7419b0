import type { ProjectPlan } from '../plan/plan.ts';
import { managerInstall } from './managers.ts';

/** Folder for what is generated beside the Dockerfile, below the project's. */
export const EXTRA_FOLDER = '.berth';
/** Versions that hold beside the manifest, one to a line, as pip's `--constraint` reads them. */
export const CONSTRAINTS_FILE = `${EXTRA_FOLDER}/constraints.txt`;
/** All that is installed, where dependencies are not followed. */
export const EXACT_FILE = `${EXTRA_FOLDER}/requirements.txt`;
/** The serving runtime, for handlers and bare models. */
export const SERVING_FOLDER = `${EXTRA_FOLDER}/serving`;
/** Manifests without the passwords that stand in the project's own. */
export const MANIFESTS_FOLDER = `${EXTRA_FOLDER}/manifests`;

/** Constraints and exact requirements that a plan's Dockerfile copies, by path. */
export function extraFiles(plan: ProjectPlan): Map<string, string> {
  const files = new Map<string, string>();
  const { exact } = plan.install;
  // Its lock says it all.
  if (managerInstall(plan) !== undefined) return files;
  const limits = constraintLines(plan);
  if (exact !== undefined) files.set(EXACT_FILE, fileText(plan, exact));
  else if (limits.length > 0) files.set(CONSTRAINTS_FILE, fileText(plan, limits));
  return files;
}

/** Exact versions first; a constraint is left out where one of them says more. */
export function constraintLines({ install, constraints }: ProjectPlan): string[] {
  const pinned = new Set(install.pins.map(nameOf));
  return [...install.pins, ...constraints.filter((line) => !pinned.has(nameOf(line)))].map(oneLine);
}

/** Files of the project that are copied before the packages are installed; a manager reads its manifest and its lock, whatever pip would read. */
export function copiedManifests(plan: ProjectPlan): string[] {
  const { install, manifest, lock } = plan;
  if (install.exact !== undefined) return [];
  const managed = managerInstall(plan) === undefined ? [] : [manifest?.path, lock?.path];
  return [...new Set([...install.files, ...managed.filter((path) => path !== undefined)])];
}

/** Whether the program is the serving runtime: it comes with the image. */
export function needsServing({ start }: ProjectPlan): boolean {
  return start !== null && (start.kind === 'handler' || start.kind === 'model');
}

function fileText({ install }: ProjectPlan, lines: readonly string[]): string {
  const when = install.before === null ? [] : [`# as of ${install.before}`];
  const without = install.leftOut ?? [];
  const left = without.length === 0 ? [] : [`# left out: ${without.join(' ')}`];
  return `${[...when, ...left, ...lines.map(oneLine)].join('\n')}\n`;
}

function nameOf(line: string): string {
  return (/^[\w.-]+/.exec(line.trim())?.[0] ?? '').toLowerCase().replace(/[._-]+/g, '-');
}

function oneLine(line: string): string {
  return line.replace(/\s+/g, ' ').trim();
}
