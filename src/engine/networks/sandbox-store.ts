import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { InvalidArgumentError } from '#lib/errors.ts';
import { removeNetns } from '#linux/netns.ts';
import type { HostsEntry } from './hosts-file.ts';
import type { Endpoint, PortRequest } from './networks.ts';

/** What the engine has to know of a running container's network, also after a restart. */
export interface SandboxRecord {
  containerId: string;
  containerName: string;
  hostname: string;
  mode: 'bridge' | 'host' | 'none';
  endpoints: Endpoint[];
  ports: readonly PortRequest[];
  extraHosts: readonly HostsEntry[];
  resolvConf: string;
}

/**
 * Sandboxes as files below the run-time folder, which like them does not outlive the machine: `<container>/ns`, the pinned network
 * namespace, and `<container>/sandbox.json`, written last.
 */
export interface SandboxStore {
  namespacePath(containerId: string): string;
  /** Makes the folder, empty. */
  create(containerId: string): void;
  write(record: SandboxRecord): void;
  remove(containerId: string): void;
  /** Containers that have a folder, whole or not. */
  list(): string[];
  /** Undefined if it was never finished or is gone. */
  read(containerId: string): SandboxRecord | undefined;
}

export function openSandboxStore(execRoot: string): SandboxStore {
  const root = join(execRoot, 'networks');
  mkdirSync(root, { recursive: true, mode: 0o711 });
  const folderOf = (containerId: string): string => {
    if (!/^[a-z0-9][a-z0-9-]*$/i.test(containerId))
      throw new InvalidArgumentError(`not a container's id: ${JSON.stringify(containerId)}`);
    return join(root, containerId);
  };
  const namespacePath = (containerId: string): string => join(folderOf(containerId), 'ns');
  const remove = (containerId: string): void => {
    const folder = folderOf(containerId);
    if (!existsSync(folder)) return;
    removeNetns(namespacePath(containerId));
    rmSync(folder, { recursive: true, force: true });
  };

  return {
    namespacePath,
    create(containerId) {
      remove(containerId);
      mkdirSync(folderOf(containerId), { mode: 0o711 });
    },
    write(record) {
      const path = join(folderOf(record.containerId), 'sandbox.json');
      writeFileSync(`${path}.new`, JSON.stringify(record), { mode: 0o600 });
      renameSync(`${path}.new`, path);
    },
    remove,
    list: () => readdirSync(root),
    read(containerId) {
      try {
        return JSON.parse(readFileSync(join(folderOf(containerId), 'sandbox.json'), 'utf8')) as SandboxRecord;
      } catch {
        return undefined;
      }
    },
  };
}
