import { weightsLayers } from '../dockerfile/weights.ts';
import { type FileTree, folderOf, hasFile } from '../files.ts';
import { contextFiles } from './context-files.ts';
import type { Decision, ProjectPlan } from './plan.ts';
import { humanBytes } from './size.ts';

/** Less that stays out is not worth a line. */
const LEAST_BYTES = 1_000_000;

/** How the image is put together: who installs, in which layers, what stays out, who runs it. */
export async function imageDecisions(tree: FileTree, plan: ProjectPlan): Promise<Decision[]> {
  return [...managerDecisions(plan), ...layerDecisions(plan), ...(await contextDecisions(tree, plan)), ...userDecisions(plan)]; // prettier-ignore
}

function managerDecisions({ manager, lock, manifest, install }: ProjectPlan): Decision[] {
  if (manager === 'pip' && lock === null) return [];
  const own = (install.commands ?? []).length > 0;
  const why = lock === null ? `${manifest?.path ?? 'the project'} is written for it` : `${lock.path} has the exact versions`;
  return [{ subject: 'manager', choice: own || manager === 'pip' ? manager : `pip, for ${manager}`, why, evidence: lock === null ? (manifest === null ? undefined : { file: manifest.path, line: 1 }) : { file: lock.path, line: 1 } }];
} // prettier-ignore

function layerDecisions({ models, start, training }: ProjectPlan): Decision[] {
  if (start === null && training === null) return [];
  const weights = weightsLayers(models);
  const bytes = weights.reduce((sum, layer) => sum + layer.bytes, 0);
  const middle = weights.length === 0 ? '' : `${weights.length === 1 ? 'weights' : `weights in ${weights.length}`} (${humanBytes(bytes)}), `;
  const why = `what changes least comes first: a change of code moves ${weights.length === 0 ? 'no packages' : 'neither packages nor weights'}`;
  return [{ subject: 'layers', choice: `packages, ${middle}code`, why }];
} // prettier-ignore

async function contextDecisions(tree: FileTree, plan: ProjectPlan): Promise<Decision[]> {
  const isOwn = hasFile(tree, '.dockerignore');
  const { out } = await contextFiles(tree, plan);
  const bytes = out.reduce((sum, file) => sum + file.bytes, 0);
  if (bytes < LEAST_BYTES) return [];
  const places = new Map<string, number>();
  for (const file of out) {
    const place = folderOf(file.path) === '' ? file.path : `${file.path.split('/')[0] ?? ''}/`;
    places.set(place, (places.get(place) ?? 0) + file.bytes);
  }
  const largest = [...places].toSorted((a, b) => b[1] - a[1]).slice(0, 3);
  const what = largest.map(([place, size]) => `${place} ${humanBytes(size)}`).join(', ');
  const why = isOwn ? 'the .dockerignore of the folder leaves it out' : 'nothing that is served opens it';
  return [{ subject: 'context', choice: `${humanBytes(bytes)} stay out`, why: `${why}: ${what}`, evidence: isOwn ? { file: '.dockerignore', line: 1 } : undefined }]; // prettier-ignore
}

function userDecisions({ start, target }: ProjectPlan): Decision[] {
  if (start === null || target === 'sagemaker') return [];
  return [{ subject: 'user', choice: 'app', why: 'the program needs no privileges; it may write in its own folder' }];
}
