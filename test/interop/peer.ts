import { UnavailableError } from '#lib/errors.ts';
import { run } from '#lib/run.ts';

/** A Docker beside Berth, started by the program that BERTH_PEER names. */
export interface Peer extends AsyncDisposable {
  /** `docker`, or an older one where its addresses are taken. */
  name: string;
  /** As DOCKER_HOST takes it. */
  host: string;
}

/** Why tests against Docker are skipped; undefined when they can run. */
export const noPeer =
  process.env['BERTH_PEER'] === undefined ? 'BERTH_PEER does not name a program that starts a Docker' : undefined;

const NAMES = ['docker', 'docker20'];

/** @throws {UnavailableError} if none can be started */
export async function openPeer(): Promise<Peer> {
  const program = process.env['BERTH_PEER'] ?? '';
  for (const [index, name] of NAMES.entries()) {
    const { code } = await run([program, 'up', name], { allowFailure: index < NAMES.length - 1 });
    if (code !== 0) continue;
    const { stdout } = await run([program, 'env', name]);
    const host = stdout.trim().replace(/^(export )?DOCKER_HOST=/, '');
    return { name, host, [Symbol.asyncDispose]: async () => void (await run([program, 'down', name])) };
  }
  throw new UnavailableError('no Docker could be started');
}
