import { baseOf, hasFile, joinPath } from '../files.ts';
import { PROJECT_ROOT } from '../python/literal.ts';
import type { FileUse, PythonModule } from '../python/module.ts';
import type { AppFacts } from './app.ts';
import { isAside, type ProjectFacts, reachable } from './project.ts';

/** A program that fits a model, and what it writes. */
export interface TrainingFacts {
  module: PythonModule;
  writes: readonly ProjectFile[];
  why: string;
}

/** A file that code opens, as a path of the project. */
export interface ProjectFile {
  path: string;
  /** Where the code opens it. */
  file: string;
  line: number;
}

/** A file that the app reads, that is not there, and that training writes. */
export interface MissingArtifact {
  path: string;
  reader: ProjectFile;
  writer: ProjectFile;
  training: TrainingFacts;
}

const TRAINING_NAME = /(^|[_-])(train|training|fit)([_-]|\d|$)/i;
const CONTAINER_ROOTS = /^\/(?:app|code|src|usr\/src\/app|workspace|project)\//;

/** Programs that train, the likeliest first. */
export function findTraining(facts: ProjectFacts): TrainingFacts[] {
  return facts.modules
    .flatMap((module) => trainingOf(facts, module) ?? [])
    .toSorted((a, b) => trainingScore(b) - trainingScore(a));
}

function trainingOf(facts: ProjectFacts, module: PythonModule): TrainingFacts | undefined {
  if (isAside(module.path) || baseOf(module.path) === '__init__.py') return undefined;
  const named = TRAINING_NAME.test(baseOf(module.path).replace(/\.py$/, ''));
  const fits = [...module.calls].some((call) => /\.(fit|fit_transform|train|backward)$/.test(call));
  const writes = filesOf(reachable(facts, module), 'write');
  const runs = module.isScript || module.routes.length === 0;
  if (!(named && runs) && !(fits && writes.length > 0 && module.apps.length === 0)) return undefined;
  return { module, writes, why: named ? 'its name says that it trains' : 'it fits a model and writes a file' };
}

function trainingScore({ module, writes }: TrainingFacts): number {
  const name = baseOf(module.path).replace(/\.py$/, '');
  return (
    (name === 'train' ? 4 : TRAINING_NAME.test(name) ? 2 : 0) +
    (writes.length > 0 ? 3 : 0) +
    (module.isScript ? 1 : 0) -
    module.path.split('/').length / 10
  );
}

/** What the app opens for reading, is not in the project and is written by a training program. */
export function missingArtifacts(facts: ProjectFacts, app: AppFacts): MissingArtifact[] {
  const trainings = findTraining(facts);
  const reads = filesOf(reachable(facts, app.module), 'read');
  return reads.flatMap((reader) => {
    if (hasFile(facts.tree, reader.path) || facts.tree.files.some(({ path }) => path.startsWith(`${reader.path}/`)))
      return [];
    for (const training of trainings) {
      if (training.module.path === app.module.path) continue;
      const writer = training.writes.find(({ path }) => path === reader.path);
      if (writer !== undefined) return [{ path: reader.path, reader, writer, training }];
    }
    return [];
  });
}

function filesOf(modules: readonly PythonModule[], mode: FileUse['mode']): ProjectFile[] {
  const found = new Map<string, ProjectFile>();
  for (const module of modules)
    for (const use of module.files) {
      if (use.mode !== mode) continue;
      const path = projectPath(use.path);
      if (path !== undefined && !found.has(path)) found.set(path, { path, file: module.path, line: use.line });
    }
  return [...found.values()];
}

/** A path of the code as one of the project, whose top is the working directory; undefined if it lies outside. */
function projectPath(path: string): string | undefined {
  const known = path.startsWith(`${PROJECT_ROOT}/`)
    ? path.slice(PROJECT_ROOT.length + 1)
    : path.replace(CONTAINER_ROOTS, '');
  if (known.startsWith('/') || known.startsWith('~')) return undefined;
  return joinPath('', known);
}
