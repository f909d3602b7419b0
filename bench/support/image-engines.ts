import { access } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { ConflictError } from '#lib/errors.ts';
import { run } from '#lib/run.ts';
import { startEngine } from '../../test/support/engine.ts';
import { processesWith } from './memory.ts';

/** An engine on a data root of its own, as the image benchmark sees it. */
export interface ImageEngine extends AsyncDisposable {
  /** Path of its API socket. */
  socket: string;
  version: string;
  /** Everything it has on disk lies here. */
  dataRoot: string;
  /** Its processes and their descendants. */
  pids(): Promise<number[]>;
}

export type EngineName = 'berth' | PeerName;
export type PeerName = 'docker' | 'containerd' | 'docker20' | 'podman';

/** What each peer is called in tables, the name `peer` has for it, and its flags for a data root. */
export const PEERS: Readonly<Record<PeerName, { title: string; program: string; flags: (root: string) => string }>> = {
  docker: { title: 'Docker 28, overlay2', program: 'docker', flags: (root) => `--data-root ${root}` },
  containerd: {
    title: 'Docker 28, containerd store',
    program: 'docker',
    flags: (root) => `--data-root ${root} --feature containerd-snapshotter=true`,
  },
  docker20: { title: 'Docker 20.10', program: 'docker20', flags: (root) => `--data-root ${root}` },
  podman: { title: 'Podman', program: 'podman', flags: (root) => `--root ${root}` },
};

/** Path of the program that starts peers, named by BERTH_PEER; undefined where there is none. */
export async function findPeerProgram(): Promise<string | undefined> {
  const program = resolve(process.env['BERTH_PEER'] ?? '../shared/tools/peer');
  return access(program).then(
    () => program,
    () => undefined,
  );
}

/** Starts an engine whose data lie on `disk` alone. */
export async function startImageEngine(name: EngineName, disk: string, peer: string): Promise<ImageEngine> {
  return name === 'berth' ? startBerth(disk) : startPeerOn(name, disk, peer);
}

async function startBerth(disk: string): Promise<ImageEngine> {
  const engine = await startEngine({ entry: 'dist/berthd.mjs', root: disk });
  return {
    socket: engine.socket,
    version: await versionOf(engine.socket),
    dataRoot: engine.dataRoot,
    pids: () => processesWith(disk),
    [Symbol.asyncDispose]: () => engine[Symbol.asyncDispose](),
  };
}

async function startPeerOn(name: PeerName, disk: string, program: string): Promise<ImageEngine> {
  const { program: peer, flags, title } = PEERS[name];
  const up = await run([program, 'env', peer], { allowFailure: true });
  if (up.code === 0)
    throw new ConflictError(`${title} is up already, with data of its own`, { hint: `${program} down ${peer}` });
  const dataRoot = join(disk, 'data');
  const env = { ...(process.env as Record<string, string>), PEER_OPTS: flags(dataRoot) };
  const { stdout } = await run([program, 'up', peer], { env });
  const socket = stdout.trim().split('unix://')[1] ?? '';
  return {
    socket,
    version: await versionOf(socket),
    dataRoot,
    pids: () => processesWith(`/run/berth-peers/${peer}`),
    [Symbol.asyncDispose]: async () => void (await run([program, 'down', peer])),
  };
}

async function versionOf(socket: string): Promise<string> {
  const { stdout } = await run(['curl', '-s', '--unix-socket', socket, 'http://engine/version']);
  const { Version = '' } = JSON.parse(stdout) as { Version?: string };
  return Version;
}
