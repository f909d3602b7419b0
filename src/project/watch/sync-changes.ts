import { copyIntoContainer } from '#client/containers.ts';
import { createExec, inspectExec, startExec } from '#client/execs.ts';
import type { Client } from '#client/transport.ts';
import { setTimeout as sleep } from 'node:timers/promises';
import { packPaths } from '../pack-context.ts';
import type { Changes } from './watch-folder.ts';

/** Where the code of a folder lies in its container. */
export interface CodePlace {
  container: string;
  /** Absolute. */
  folder: string;
  owner: { uid: number; gid: number };
}

const REMOVED_WITHIN_MS = 5000;

/** Brings what changed in a folder into a running container. */
export async function syncChanges(
  client: Client,
  { root, changes }: { root: string; changes: Changes },
  { container, folder, owner }: CodePlace,
): Promise<void> {
  const { changed, gone } = changes;
  if (gone.length > 0) await runIn(client, container, ['rm', '-rf', '--', ...gone.map((path) => `${folder}/${path}`)]);
  if (changed.length > 0)
    await copyIntoContainer(client, { name: container, path: folder }, packPaths(root, changed, owner));
}

/** As root; to its end. */
async function runIn(client: Client, container: string, command: readonly string[]): Promise<void> {
  const id = await createExec(client, container, { Cmd: command, User: '0' });
  await startExec(client, id, { tty: false });
  const end = performance.now() + REMOVED_WITHIN_MS;
  while (performance.now() < end && (await inspectExec(client, id)).Running) await sleep(10);
}
