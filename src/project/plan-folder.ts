import type { FileTree } from '#ml/files.ts';
import type { Accelerator, PlanTarget, ProjectPlan } from '#ml/plan/plan.ts';
import { planProject } from '#ml/plan/plan-project.ts';
import { hostGpu } from './host-gpu.ts';
import { openPackageIndex } from './index/open-package-index.ts';
import { wheelLibraries } from './index/wheel-libraries.ts';
import { lastCommit } from './last-commit.ts';

/** A project that was changed since then gets the newest versions that it allows. */
const RECENT_MS = 180 * 24 * 3_600_000;

export interface FolderPlanOptions {
  /** `3.11`, instead of what the plan finds. */
  python?: string | undefined;
  accelerator?: Extract<Accelerator, 'cpu' | 'gpu'> | undefined;
  target?: PlanTarget | undefined;
  /**
   * Whether package indexes are asked: `always` for a plan that people read, `never` without a network. Otherwise only where an answer changes what is built:
   * torch for processors, whose index is another.
   */
  index?: 'always' | 'needed' | 'never' | undefined;
  signal?: AbortSignal | undefined;
}

/** Plans a folder with what this machine knows of it: the day of its last commit, the GPU here, the user's package indexes. */
export async function planFolder(
  tree: FileTree,
  { place, name }: { place: string; name: string },
  options: FolderPlanOptions = {},
): Promise<ProjectPlan> {
  const { python, accelerator, target, index = 'needed', signal } = options;
  const [changed, host, native] = await Promise.all([lastCommit(place), hostGpu(), wheelLibraries(tree)]);
  return planProject(tree, {
    directory: name, python, accelerator, target, host, native, lastCommit: isRecent(changed) ? undefined : changed, machine: process.arch === 'arm64' ? 'aarch64' : 'x86_64',
    index: index === 'never' ? undefined : openPackageIndex({ signal }), asksAlways: index === 'always',
  });
} // prettier-ignore

function isRecent(day: string | undefined): boolean {
  return day !== undefined && Date.now() - Date.parse(day) < RECENT_MS;
}
