import { baseOf, folderOf } from '../files.ts';
import { type AppFacts } from './app.ts';
import { composeServices } from './compose-starts.ts';
import type { ProjectFacts } from './project.ts';
import { foldersAbove, isAside } from './reach.ts';
import { findTraining } from './training.ts';

/** A part of a repository that is a program of its own. */
export interface ServiceFacts {
  name: string;
  /** Relative to the tree; empty for its top. */
  folder: string;
}

const MANIFESTS =
  /^(?:requirements?[\w.-]*\.(?:txt|in)|pyproject\.toml|Pipfile|environment\.ya?ml|setup\.(?:py|cfg)|cog\.yaml|uv\.lock|poetry\.lock)$/;
const MAX_SERVICES = 20;
/** More programs that no compose file names are a collection of examples, of which one is meant at a time. */
const MOST_UNNAMED = 8;

/** Folders with a manifest and a program of their own, if there are several; frontends without Python are left out. */
export async function findServices(facts: ProjectFacts, apps: readonly AppFacts[]): Promise<ServiceFacts[]> {
  const homes = new Set(facts.tree.files.filter(({ path }) => MANIFESTS.test(baseOf(path))).map(({ path }) => homeOf(path)));
  const named = await composed(facts);
  const trained = new Set(findTraining(facts).map(({ module }) => module.path));
  const found = new Map<string, ServiceFacts>();
  for (const app of apps) {
    const above = foldersAbove(app.module.path);
    const folder = above.find((place) => homes.has(place) || (place !== '' && named.has(place)));
    if (folder === undefined || found.has(folder) || isAside(app.module.path)) continue;
    const isTool = app.kind === 'script' && (trained.has(app.module.path) || folder === '' || !isOwnProgram(facts, app, named.has(folder)));
    if (isTool || app.kind === 'notebook') continue;
    found.set(folder, { name: named.get(folder) ?? (baseOf(folder) || 'main'), folder });
  }
  const services = [...found.values()].slice(0, MAX_SERVICES);
  const isCollection = services.length > MOST_UNNAMED && !services.some(({ folder }) => named.has(folder));
  return services.length > 1 && !isCollection ? services : [];
} // prettier-ignore

/** The folder that a manifest speaks for: `backend/requirements/base.txt` for `backend`. */
function homeOf(path: string): string {
  const folder = folderOf(path);
  return /^requirements?$/.test(baseOf(folder)) ? folderOf(folder) : folder;
}

/** A program without a port counts where something says that it runs on its own. */
function isOwnProgram({ tree }: ProjectFacts, { module }: AppFacts, isComposed: boolean): boolean {
  const folder = folderOf(module.path);
  if (isComposed || tree.files.some(({ path }) => path === `${folder}/Dockerfile`)) return true;
  return /^(?:worker|bot|consumer|main|app|scheduler)\.py$/.test(baseOf(module.path)) && module.environment.length > 0;
}

/** Names that a compose file gives to folders. */
async function composed({ tree }: ProjectFacts): Promise<Map<string, string>> {
  const names = new Map<string, string>();
  for (const file of ['compose.yaml', 'compose.yml', 'docker-compose.yml', 'docker-compose.yaml']) {
    const text = await tree.read(file);
    for (const { folder, name } of text === undefined ? [] : composeServices(text, file))
      if (!names.has(folder)) names.set(folder, name);
  }
  return names;
}
