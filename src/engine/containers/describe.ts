import { treePaths } from '#engine/images/tree-paths.ts';
import type { Sandbox } from '#engine/networks/networks.ts';
import type { Context } from './context.ts';
import { type ContainerRecord, isRunning } from './record.ts';
import { rootfsOf } from './rootfs.ts';

/** A container with what other nouns know of it. */
export interface Description {
  record: ContainerRecord;
  sandbox: Sandbox | undefined;
  /** Name of its image now: the one it was asked for by, or the id when that name has moved on. */
  imageName: string;
  /** Ids of the networks it is configured for, by name. */
  networkIds: Readonly<Record<string, string>>;
  execIds: readonly string[];
  bundle: string;
  logPath: string;
  driver: string;
  /** Folders of its tree, by the names that overlayfs gives them. */
  folders: Readonly<Record<string, string>>;
  sizes: { writable: number; total: number } | undefined;
}

export async function describeContainer(
  context: Context,
  record: ContainerRecord,
  { size }: { size: boolean },
): Promise<Description> {
  const { networks, runtime, snapshots, execs } = context;
  const shared = record.hostConfig.networkMode.startsWith('container:');
  const [sandbox, imageName, networkIds, sizes] = await Promise.all([
    isRunning(record) && !shared ? networks.sandbox(record.id) : undefined,
    imageNameOf(context, record),
    networkIdsOf(context, record),
    size ? sizesOf(context, record) : undefined,
  ]);
  return {
    record,
    sandbox,
    imageName,
    networkIds,
    execIds: [...execs.values()]
      .filter(({ containerId, state }) => containerId === record.id && state !== 'exited')
      .map(({ id }) => id),
    bundle: runtime.bundleOf(record.id),
    logPath: `${context.folderOf(record.id)}/container.log`,
    driver: snapshots.driver,
    folders: foldersOf(context, record.id),
    sizes,
  };
}

async function imageNameOf({ images }: Context, { image, config }: ContainerRecord): Promise<string> {
  const now = await images.get(config.image).catch(() => undefined);
  return now?.id === image ? config.image : image;
}

async function networkIdsOf(
  { networks }: Context,
  { hostConfig, endpoints, config }: ContainerRecord,
): Promise<Record<string, string>> {
  const { networkMode } = hostConfig;
  if (networkMode.startsWith('container:')) return {};
  const names = [config.networkDisabled === true ? 'none' : networkMode, ...Object.keys(endpoints)];
  const entries = await Promise.all(
    [...new Set(names)].map(async (name) => {
      const network = await networks.get(name).catch(() => undefined);
      return network === undefined ? undefined : ([network.name, network.id] as const);
    }),
  );
  return Object.fromEntries(entries.filter((entry) => entry !== undefined));
}

async function sizesOf(
  { snapshots, images }: Context,
  { id, image }: ContainerRecord,
): Promise<{ writable: number; total: number }> {
  const [{ bytes }, found] = await Promise.all([snapshots.usage(id), images.get(image).catch(() => undefined)]);
  return { writable: bytes, total: bytes + (found?.size ?? 0) };
}

function foldersOf(context: Context, id: string): Record<string, string> {
  const merged = { MergedDir: rootfsOf(context, id) };
  try {
    return { ...treePaths(context.snapshots, id), ...merged };
  } catch {
    return merged; // its tree is gone
  }
}
