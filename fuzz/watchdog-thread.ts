import { writeSync } from 'node:fs';
import { workerData } from 'node:worker_threads';

const { shared, patienceMs } = workerData as { shared: SharedArrayBuffer; patienceMs: number };
const round = new Int32Array(shared);
let seen = Atomics.load(round, 0);
let since = Date.now();

setInterval(() => {
  const now = Atomics.load(round, 0);
  if (now !== seen) [seen, since] = [now, Date.now()];
  if (Date.now() - since < patienceMs) return;
  writeSync(2, `the thread hangs since round ${now}\n`);
  process.kill(process.pid, 'SIGKILL');
}, 1000);
