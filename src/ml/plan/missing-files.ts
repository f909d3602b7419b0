import type { ProjectFacts } from '../detect/project.ts';
import { reachable } from '../detect/reach.ts';
import { filesOf, type ProjectFile } from '../detect/training.ts';
import { baseOf, hasFile, hasFolder } from '../files.ts';
import type { PythonModule } from '../python/module.ts';
import type { Finding } from './plan.ts';

const MODEL =
  /\.(?:pkl|pickle|joblib|sav|pt|pth|onnx|h5|hdf5|keras|safetensors|bin|ckpt|gguf|tflite|cbm|model|pb|caffemodel|weights)$/i;
const MOST = 5;
/** Folders of people's machines and of hosted notebooks; nothing of them is in a container. */
const FOREIGN = /^[A-Za-z]:[\\/]|^\/(?:home|Users|content|kaggle|media|Volumes|mnt\/[a-z]\/|data\d?\/home)\//;

/** Models that the program opens, that are not there, and that nothing in the project writes: it will end at its start, or at the first request. */
export function missingFiles(facts: ProjectFacts, program: PythonModule | undefined): Finding[] {
  if (program === undefined) return [];
  const modules = reachable(facts, program);
  const written = new Set(filesOf(facts.modules, 'write').map(({ path }) => path));
  const fetched = new Set(modules.flatMap(({ downloads }) => downloads.map(({ name }) => name)));
  const reads = filesOf(modules, 'read').filter(
    ({ path }) => !fetched.has(path) && MODEL.test(path) && !FOREIGN.test(path) && !written.has(path) && !hasFile(facts.tree, path) && !hasFolder(facts.tree, path) && !liesBelow(facts, path),
  );
  return [...foreignPaths(modules), ...reads.slice(0, MOST).map((read) => findingOf(facts, read))];
} // prettier-ignore

/** Files that only the machine has on which the code was written. */
function foreignPaths(modules: readonly PythonModule[]): Finding[] {
  const uses = modules.flatMap(({ path: file, files }) => files.filter(({ path, mode }) => mode === 'read' && FOREIGN.test(path)).map((use) => ({ ...use, file })));
  return uses.slice(0, MOST).map(({ path, file, line }) => ({
    code: 'foreign-path', severity: 'warning', file, line, message: `${path} is opened, which only the machine has on which this was written`,
    fix: 'put the file into the project, and name it by a path from there',
  }));
} // prettier-ignore

/** The same path below another folder: which folder the program is started in then decides. */
function liesBelow({ tree }: ProjectFacts, path: string): boolean {
  return tree.files.some((file) => file.path.endsWith(`/${path}`));
}

/** A file of that name in quite another place. */
function namesake({ tree }: ProjectFacts, path: string): string | undefined {
  const name = baseOf(path);
  return tree.files.find((file) => file.path.endsWith(name) && baseOf(file.path) === name)?.path;
}

function findingOf(facts: ProjectFacts, { path, file, line }: ProjectFile): Finding {
  const other = namesake(facts, path);
  if (other === undefined) {
    const message = `${path} is opened, is not in the folder, and nothing here writes it`;
    return { code: 'missing-file', severity: 'warning', file, line, message, fix: `put ${path} there` };
  }
  const message = `${path} is opened, and a file of that name lies in ${other}`;
  return { code: 'misplaced-file', severity: 'note', file, line, message, fix: `move ${other} to ${path}, if that is what is meant` };
} // prettier-ignore
