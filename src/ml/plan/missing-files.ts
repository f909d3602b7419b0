import type { ProjectFacts } from '../detect/project.ts';
import { reachable } from '../detect/reach.ts';
import { filesOf } from '../detect/training.ts';
import { hasFile, hasFolder } from '../files.ts';
import type { PythonModule } from '../python/module.ts';
import type { Finding } from './plan.ts';

const MODEL =
  /\.(?:pkl|pickle|joblib|sav|pt|pth|onnx|h5|hdf5|keras|safetensors|bin|ckpt|gguf|tflite|cbm|model|pb|caffemodel|weights)$/i;
const MOST = 5;

/** Models that the program opens, that are not there, and that nothing in the project writes: it will end at its start, or at the first request. */
export function missingFiles(facts: ProjectFacts, program: PythonModule | undefined): Finding[] {
  if (program === undefined) return [];
  const written = new Set(filesOf(facts.modules, 'write').map(({ path }) => path));
  const modules = reachable(facts, program);
  const fetched = new Set(modules.flatMap(({ downloads }) => downloads.map(({ name }) => name)));
  const reads = filesOf(modules, 'read').filter(
    ({ path }) => !fetched.has(path) && MODEL.test(path) && !written.has(path) && !hasFile(facts.tree, path) && !hasFolder(facts.tree, path) && !liesSomewhere(facts, path),
  );
  return reads.slice(0, MOST).map(({ path, file, line }) => ({
    code: 'missing-file', severity: 'warning', file, line, message: `${path} is opened, is not in the folder, and nothing here writes it`,
    fix: `put ${path} there`,
  }));
} // prettier-ignore

/** A file of that name in another folder: which folder the program is started in then decides. */
function liesSomewhere({ tree }: ProjectFacts, path: string): boolean {
  return tree.files.some((file) => file.path.endsWith(`/${path}`));
}
