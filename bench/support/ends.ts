import { type RunResult, run } from '#lib/run.ts';
import { ENGINE_FLAGS } from '#cli/engine/engine-program.ts';
import { startEngine } from '../../test/support/engine.ts';
import { type Peer, startPeer } from './peer.ts';

/** Both engines, each with the same Python image under `IMAGE`. */
export interface Ends extends AsyncDisposable {
  berth: End & { pid: number };
  peer: End & Pick<Peer, 'version' | 'mark' | 'log' | 'restart' | 'archive'>;
}

export interface End {
  host: string;
  docker(...args: string[]): Promise<RunResult>;
}

/** The image that every benchmark runs and builds upon. */
export const IMAGE = 'python:3.11-slim';

/** Starts a private engine and the peer; undefined where there is no peer. */
export async function openEnds(): Promise<Ends | undefined> {
  const peer = await startPeer();
  if (peer === undefined) return undefined;
  const engine = await startEngine({ entry: 'dist/berthd.mjs', env: { NODE_OPTIONS: ENGINE_FLAGS.join(' ') } });
  const ends = {
    berth: { ...endOf(`unix://${engine.socket}`), pid: engine.pid },
    peer: { ...peer, ...endOf(peer.host) },
  };
  for (const end of [ends.berth, ends.peer]) {
    const { stdout } = await end.docker('load', '-i', peer.archive);
    const loaded = /Loaded image: (\S+)/.exec(stdout)?.[1] ?? '';
    await end.docker('tag', loaded, IMAGE);
  }
  return {
    ...ends,
    async [Symbol.asyncDispose]() {
      await engine[Symbol.asyncDispose]();
      await peer[Symbol.asyncDispose]();
    },
  };
}

export function endOf(host: string): End {
  const env = {
    PATH: process.env['PATH'] ?? '',
    HOME: process.env['HOME'] ?? '/',
    DOCKER_HOST: host,
    DOCKER_BUILDKIT: '0',
  };
  return { host, docker: (...args) => run(['docker', ...args], { env }) };
}
