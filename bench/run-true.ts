import { type Comparison, alternate } from './support/measure.ts';
import { type Ends, IMAGE } from './support/ends.ts';

const RUNS = 15;

/** `docker run --rm` of `true` with the same docker client, on each network mode. */
export async function bench(ends: Ends): Promise<Comparison[]> {
  const results: Comparison[] = [];
  for (const network of ['bridge', 'host', 'none']) {
    const args = ['run', '--rm', '--network', network, IMAGE, 'true'];
    const taken = await alternate(
      {
        berth: async () => void (await ends.berth.docker(...args)),
        peer: async () => void (await ends.peer.docker(...args)),
      },
      RUNS,
    );
    const command = `docker ${args.join(' ')}`;
    results.push({
      name: `run true, ${network}`,
      unit: 'ms',
      ...taken,
      commands: { berth: command, peer: command },
      settings: 'image present, page cache warm, same docker client on both sides',
    });
  }
  return results;
}
