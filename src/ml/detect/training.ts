import { baseOf, folderOf, hasFile, hasFolder, joinPath } from '../files.ts';
import { PROJECT_ROOT } from '../python/literal.ts';
import type { FileUse, PythonModule } from '../python/module.ts';
import type { AppFacts } from './app.ts';
import type { ProjectFacts } from './project.ts';
import { isAside, reachable } from './reach.ts';

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

const TRAINING_NAME = /(^|[_-])(train|training|fit|finetune|finetuning|pretrain)([_-]|\d|$)/i;
/** Calls that fit a model: scikit-learn, Keras, Lightning, transformers, XGBoost, LightGBM, PyTorch, JAX. */
const FITS =
  /(?:\.(?:fit|fit_transform|fit_generator|train|train_model|train_on_batch|backward|learn|partial_fit)|(?:^|\.)(?:value_and_grad|apply_updates|GradientTape|run_training|train_model))$/;
const CONTAINER_ROOTS = /^\/(?:app|code|src|usr\/src\/app|workspace|project)\//;
/** Files that programs write beside a model. */
const NO_MODEL = /\.(?:log|csv|tsv|png|jpe?g|svg|pdf|html|md|txt|mp4|gif|parquet|xlsx)$/i;

const FOUND = new WeakMap<ProjectFacts, TrainingFacts[]>();

/** Programs that train, the likeliest first. */
export function findTraining(facts: ProjectFacts): TrainingFacts[] {
  const known = FOUND.get(facts);
  if (known !== undefined) return known;
  const found = facts.modules
    .flatMap((module) => trainingOf(facts, module) ?? [])
    .toSorted((a, b) => trainingScore(b) - trainingScore(a));
  FOUND.set(facts, found);
  return found;
}

function trainingOf(facts: ProjectFacts, module: PythonModule): TrainingFacts | undefined {
  if (module.read === 'imports' || isAside(module.path) || baseOf(module.path) === '__init__.py') return undefined;
  const named = TRAINING_NAME.test(baseOf(module.path).replace(/\.py$/, ''));
  const fits = [...module.calls].some((call) => FITS.test(call) && !call.startsWith('st.'));
  const isLibrary = !module.isScript && module.functions.length + module.classes.length > 0 && !runsAtOnce(module);
  if ((!named && !fits) || (named && module.routes.length > 0 && !module.isScript) || serves(module)) return undefined;
  const writes = filesOf(reachable(facts, module), 'write');
  if (!named && (isLibrary || (writes.length === 0 && !module.isScript))) return undefined;
  return { module, writes, why: named ? 'its name says that it trains' : 'it fits a model and writes a file' };
}

function serves(module: PythonModule): boolean {
  return module.apps.length > 0 || module.imports.some(({ module: name }) => /^(?:streamlit|gradio|chainlit)\b/.test(name));
} // prettier-ignore

/** True for a file that does something as soon as it is started, without a `__main__` block. */
function runsAtOnce(module: PythonModule): boolean {
  return module.acts || module.assigned.length > 0 || module.files.some(({ mode }) => mode === 'write');
}

function trainingScore({ module, writes }: TrainingFacts): number {
  const name = baseOf(module.path).replace(/\.py$/, '');
  const models = writes.some(({ path }) => !NO_MODEL.test(path));
  return (
    (name === 'train' ? 4 : TRAINING_NAME.test(name) ? 2 : name === 'main' ? 1 : 0) +
    (models ? 3 : writes.length > 0 ? 1 : 0) +
    (module.isScript ? 1 : 0) -
    module.path.split('/').length / 10
  );
}

/** What the app opens for reading, is not in the project and is written by a training program. */
export function missingArtifacts(facts: ProjectFacts, app: AppFacts): MissingArtifact[] {
  const trainings = findTraining(facts);
  const reads = filesOf(reachable(facts, app.module), 'read');
  return reads.flatMap((reader) => {
    if (hasFile(facts.tree, reader.path) || hasFolder(facts.tree, reader.path)) return [];
    for (const training of trainings) {
      if (training.module.path === app.module.path) continue;
      const writer = training.writes.find(({ path }) => path === reader.path);
      if (writer !== undefined) return [{ path: reader.path, reader, writer, training }];
    }
    return [];
  });
}

/** Files of the project that modules open, each once. */
export function filesOf(modules: readonly PythonModule[], mode: FileUse['mode']): ProjectFile[] {
  const found = new Map<string, ProjectFile>();
  for (const module of modules)
    for (const use of module.files) {
      if (use.mode !== mode) continue;
      const path = projectPath(use.path, module.path);
      if (path !== undefined && !found.has(path)) found.set(path, { path, file: module.path, line: use.line });
    }
  return [...found.values()];
}

/**
 * A path of the code as one of the project, whose top is the working directory; undefined if it lies outside. Paths that lead up are meant from the
 * folder of the file that opens them.
 */
export function projectPath(path: string, file = ''): string | undefined {
  const known = path.startsWith(`${PROJECT_ROOT}/`)
    ? path.slice(PROJECT_ROOT.length + 1)
    : path.replace(CONTAINER_ROOTS, '');
  if (known.startsWith('/') || known.startsWith('~')) return undefined;
  return joinPath(known.startsWith('../') ? folderOf(file) : '', known);
}
