import { type ProjectFacts, reachable } from '../detect/project.ts';
import type { PythonModule } from '../python/module.ts';
import type { KnownPackages } from './known-packages.ts';
import type { Decision } from './plan.ts';

const GB = 1024 ** 3;

/** Shared memory beyond the usual 64 MB: processes of data loaders hand their batches over in it, and end with "Bus error" when it is full. */
export function planMemory(
  facts: ProjectFacts,
  programs: readonly PythonModule[],
  packages: KnownPackages,
): { shmBytes: number | null; decisions: readonly Decision[] } {
  const modules = new Set(programs.flatMap((program) => reachable(facts, program)));
  for (const { path, workers } of modules)
    for (const { count, line } of workers)
      if (count !== 0)
        return chosen(GB, `${count === undefined ? 'processes' : `${count} processes`} of a data loader hand over their batches in it`, { file: path, line });
  const ray = packages.get('ray');
  if (ray !== undefined && ray.source !== 'transitive') return chosen(2 * GB, 'the object store of Ray lies in it', ray.evidence);
  const vllm = packages.get('vllm');
  if (vllm !== undefined) return chosen(2 * GB, 'the processes of vLLM exchange tensors in it', vllm.evidence);
  return { shmBytes: null, decisions: [] };
} // prettier-ignore

function chosen(
  bytes: number,
  why: string,
  evidence: Decision['evidence'],
): { shmBytes: number; decisions: readonly Decision[] } {
  const choice = `${bytes / GB} GB of shared memory`;
  return { shmBytes: bytes, decisions: [{ subject: 'memory', choice, why: `${why}; a container has 64 MB`, evidence, source: 'PyTorch, "Multiprocessing best practices"; 2026-11' }] };
} // prettier-ignore
