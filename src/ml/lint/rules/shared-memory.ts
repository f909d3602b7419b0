import { isYamlMap } from '../../yaml.ts';
import type { ProjectRule } from '../rule.ts';

const TRAIN =
  "from torch.utils.data import DataLoader\nloader = DataLoader([], num_workers=4)\nif __name__ == '__main__':\n    for batch in loader: pass\n";

/** Bus errors in the middle of an epoch. */
export const sharedMemory: ProjectRule = {
  code: 'shared-memory',
  severity: 'warning',
  title: 'services whose data loaders have workers get shared memory',
  why: 'Containers have 64 MB of /dev/shm; workers of DataLoader pass batches through it and end with a bus error when it is full.',
  good: { 'train.py': TRAIN, 'requirements.txt': 'torch==2.5.1\n', 'compose.yaml': 'services:\n  train:\n    build: .\n    shm_size: 2gb\n' },
  bad: { 'train.py': TRAIN, 'requirements.txt': 'torch==2.5.1\n', 'compose.yaml': 'services:\n  train:\n    build: .\n' },
  *check({ facts, composes }) {
    const loader = facts.modules.flatMap(({ path, workers }) => workers.filter(({ count }) => count !== 0).map(({ line }) => ({ path, line })))[0];
    if (loader === undefined) return;
    for (const { path, services } of composes)
      for (const [name, service] of Object.entries(services))
        if (isYamlMap(service) && service['build'] !== undefined && service['shm_size'] === undefined && service['ipc'] === undefined)
          yield { file: path, line: null, message: `${name} has 64 MB of shared memory, and ${loader.path}:${loader.line} loads data in workers`, fix: 'add shm_size: 2gb to the service' };
  },
}; // prettier-ignore
