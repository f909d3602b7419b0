import { type Comparison, alternate } from './support/measure.ts';
import { type End, type Ends, IMAGE } from './support/ends.ts';
import { run } from '#lib/run.ts';

const CONTAINERS = 50;

/** `ps` with fifty running containers: the docker client on both sides, and Berth's own against the docker client on the peer. */
export async function bench(ends: Ends): Promise<Comparison[]> {
  const names = Array.from({ length: CONTAINERS }, (_, index) => `bench-${index}`);
  const start = async (end: End): Promise<void> => {
    for (const name of names)
      await end.docker('run', '-d', '--network', 'none', '--name', name, IMAGE, 'sleep', '3600');
  };
  const stop = async (end: End): Promise<void> => void (await end.docker('rm', '-f', ...names));
  await start(ends.berth);
  await start(ends.peer);
  try {
    const dockerPs = await alternate(
      {
        berth: async () => void (await ends.berth.docker('ps')),
        peer: async () => void (await ends.peer.docker('ps')),
      },
      11,
    );
    const env = { PATH: process.env['PATH'] ?? '', HOME: process.env['HOME'] ?? '/' };
    const own = (): Promise<unknown> => run(['./berth', '--host', ends.berth.host, 'ps'], { env });
    const berthPs = await alternate(
      { berth: async () => void (await own()), peer: async () => void (await ends.peer.docker('ps')) },
      11,
    );
    const settings = `${CONTAINERS} running containers on each side`;
    return [
      { name: 'docker ps', unit: 'ms', ...dockerPs, commands: { berth: 'docker ps', peer: 'docker ps' }, settings },
      { name: 'berth ps', unit: 'ms', ...berthPs, commands: { berth: './berth ps', peer: 'docker ps' }, settings },
    ];
  } finally {
    await stop(ends.berth);
    await stop(ends.peer);
  }
}
