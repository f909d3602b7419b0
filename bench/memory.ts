import { setTimeout as sleep } from 'node:timers/promises';
import { processesWith, proportionalMegabytes } from './support/memory.ts';
import { type Comparison, alternate } from './support/measure.ts';
import type { Ends } from './support/ends.ts';

/** Idle memory of every process each engine runs, no container running. */
export async function bench(ends: Ends): Promise<Comparison[]> {
  await sleep(5000); // both have just started or worked: let them come to rest
  const socket = ends.berth.host.replace('unix://', '');
  const taken = await alternate({ berth: () => measure(socket), peer: () => measure(ends.peer.mark) }, 5);
  return [
    {
      name: 'idle memory (PSS)',
      unit: 'MB',
      ...taken,
      commands: {
        berth: 'sum of Pss in smaps_rollup of berthd and its children',
        peer: 'the same of dockerd and containerd',
      },
      settings: 'image loaded, no container running, five seconds at rest',
    },
  ];
}

async function measure(mark: string): Promise<number> {
  return proportionalMegabytes(await processesWith(mark));
}
