import { mkdirSync, renameSync, rmSync, symlinkSync } from 'node:fs';
import { workerData } from 'node:worker_threads';

const { path, target, shared } = workerData as { path: string; target: string; shared: SharedArrayBuffer };
const state = new Int32Array(shared);
const [SWAPS, STOP] = [0, 1];

function swap(): void {
  renameSync(path, `${path}.folder`);
  renameSync(`${path}.link`, path);
  renameSync(path, `${path}.link`);
  renameSync(`${path}.folder`, path);
}

/** What the other side makes where nothing is for a moment is in the way; then all is made anew. */
function restore(): void {
  for (const name of [path, `${path}.folder`, `${path}.link`]) rmSync(name, { recursive: true, force: true });
  mkdirSync(path, { recursive: true });
  symlinkSync(target, `${path}.link`);
}

while (Atomics.load(state, STOP) === 0) {
  try {
    swap();
    Atomics.add(state, SWAPS, 1);
  } catch {
    try {
      restore();
    } catch {
      // The other side was faster once more; the next round tries again.
    }
  }
}
