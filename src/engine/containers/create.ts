import { randomBytes } from 'node:crypto';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { hostname as hostName } from 'node:os';
import { join } from 'node:path';
import { InvalidArgumentError, NotFoundError } from '#lib/errors.ts';
import type { ContainerConfig } from '#api/container-config.ts';
import type { EndpointConfig } from '#api/endpoint-config.ts';
import type { HostConfig } from '#api/host-config.ts';
import type { Image } from '#engine/images/image.ts';
import { checkHostConfig } from './check-host-config.ts';
import { type Context, publish } from './context.ts';
import { copyUp } from './copy-up.ts';
import { logPathOf } from './log-path.ts';
import { commandOf, mergeConfig } from './merge.ts';
import { planMounts } from './plan-mounts.ts';
import { randomName } from './random-name.ts';
import { type ContainerRecord, type MountPoint, NEVER_STARTED } from './record.ts';
import { resolveMounts } from './resolve-mounts.ts';

export interface CreateRequest {
  /** A random one if absent. */
  name?: string | undefined;
  config: ContainerConfig;
  hostConfig: HostConfig;
  endpoints: Readonly<Record<string, EndpointConfig>>;
  /** `os/architecture[/variant]`: the image must have it. */
  platform?: string | undefined;
  /** Puts the host's certificate authorities in. */
  hostCa?: boolean;
}

const NAME = /^[a-zA-Z0-9][a-zA-Z0-9_.-]+$/;

/**
 * Makes a container of an image: its record and its writable tree. Nothing runs yet.
 * @throws {NotFoundError} `No such image: x:latest`; {ConflictError} if the name is taken; {InvalidArgumentError} for what cannot be
 */
export async function createContainer(
  context: Context,
  request: CreateRequest,
): Promise<{ id: string; warnings: string[] }> {
  const { images, records, runtime } = context;
  const image = await images.get(request.config.image);
  checkPlatform(image, request);
  using held = new DisposableStack();
  held.use(await images.hold(image.id));
  const id = randomBytes(32).toString('hex');
  const { name, lock } = await takeName(context, request.name);
  held.use(lock);
  const hostConfig = resolveModes(context, request.hostConfig);
  const merged = mergeConfig(request.config, image.config.config ?? {});
  const config = { ...merged, hostname: merged.hostname || hostnameOf(context, hostConfig, id) };
  const warnings = [...checkHostConfig(hostConfig, config, runtime.host), ...endpointWarnings(request.endpoints)];
  const command = commandOf(config);
  if (command.length === 0) throw new InvalidArgumentError('no command specified');
  const record: ContainerRecord = {
    id,
    name,
    created: Date.now(),
    image: image.id,
    config,
    hostConfig,
    endpoints: request.endpoints,
    mounts: [],
    command,
    hostCa: request.hostCa === true,
    state: NEVER_STARTED,
    restartCount: 0,
    manuallyStopped: false,
  };
  if (records.idOf(name) === undefined) await build(context, record, image);
  else records.insert(record); // says whose name it is
  for (const warning of warnings) context.log.warn(warning, { container: name });
  return { id, warnings };
}

async function build(context: Context, record: ContainerRecord, image: Image): Promise<void> {
  const { id, config, hostConfig } = record;
  const { snapshots, records } = context;
  await using undo = new AsyncDisposableStack();
  const [mounts] = await Promise.all([
    resolveMounts(context, planMounts(config, hostConfig, inheritedMounts(context, hostConfig.volumesFrom))),
    snapshots.prepare(id, image.top),
    makeFolder(context, record),
  ]);
  undo.defer(async () => {
    await snapshots.remove(id).catch(() => {});
    await rm(context.folderOf(id), { recursive: true, force: true });
  });
  await copyUp(context, id, mounts);
  records.insert({ ...record, mounts });
  undo.move();
  publish(context, record, { action: 'create' });
}

async function makeFolder(context: Context, record: ContainerRecord): Promise<void> {
  const folder = context.folderOf(record.id);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const path = logPathOf(context, record);
  if (path !== undefined) await writeFile(path, '', { mode: 0o600 });
  await mkdir(join(context.runtime.bundleOf(record.id)), { recursive: true, mode: 0o711 });
}

/** Locks the name that was asked for, or one that nobody has. Two that are created at once may have drawn the same: one of them draws again. */
async function takeName(context: Context, asked: string | undefined): Promise<{ name: string; lock: Disposable }> {
  for (;;) {
    const name = chooseName(context, asked);
    const lock = await context.lock.acquire(`name:${name}`);
    const isDrawn = asked?.replace(/^\//, '') !== name;
    if (!isDrawn || context.records.idOf(name) === undefined) return { name, lock };
    lock[Symbol.dispose]();
  }
}

function chooseName({ records }: Context, asked: string | undefined): string {
  const bare = asked?.replace(/^\//, '');
  if (bare !== undefined && bare !== '') {
    if (!NAME.test(bare))
      throw new InvalidArgumentError(`Invalid container name (${bare}), only [a-zA-Z0-9][a-zA-Z0-9_.-] are allowed`);
    return bare;
  }
  for (let attempt = 0; ; attempt++) {
    const name = randomName(attempt);
    if (records.idOf(name) === undefined) return name;
  }
}

/** A line for each setting of an endpoint that has no effect. */
function endpointWarnings(endpoints: CreateRequest['endpoints']): string[] {
  return Object.entries(endpoints).flatMap(([network, { driverOpts, links, ipam }]) => [
    ...(Object.keys(driverOpts).length > 0 ? [`driver options for network ${network} discarded: it has none`] : []),
    ...(links.length > 0 ? [`links in network ${network} discarded: use the names of the containers`] : []),
    ...(ipam?.address6 ? [`IPv6 address in network ${network} discarded: networks are IPv4`] : []),
  ]);
}

function checkPlatform({ config }: Image, { platform, config: { image } }: CreateRequest): void {
  if (platform === undefined || platform === '') return;
  const [os = '', architecture, variant] = platform.split('/');
  const matches =
    os === config.os &&
    (architecture === undefined || architecture === config.architecture) &&
    (variant === undefined || config.variant === undefined || variant === config.variant);
  if (matches) return;
  throw new NotFoundError(
    `No such image: ${image}: image with reference ${image} was found but its platform (${config.os}/${config.architecture}) does not match the specified platform (${platform})`,
  );
}

function hostnameOf({ records }: Context, { networkMode }: HostConfig, id: string): string {
  if (networkMode === 'host') return hostName();
  if (networkMode.startsWith('container:')) return records.get(networkMode.slice('container:'.length)).config.hostname;
  return id.slice(0, 12);
}

/** docker-py reads logs of this driver only. It is the API that serves them; the file itself has another form. */
const DEFAULT_LOG_DRIVER = 'json-file';

/** Modes that name another container get its id, so that a rename does not break them; defaults get their names. */
function resolveModes({ records, runtime }: Context, hostConfig: HostConfig): HostConfig {
  const resolve = (mode: string): string =>
    mode.startsWith('container:') ? `container:${records.find(mode.slice('container:'.length)).id}` : mode;
  const { networkMode, pidMode, ipcMode, cgroupnsMode, shmSize, restartPolicy, logConfig } = hostConfig;
  return {
    ...hostConfig,
    networkMode: networkMode === '' || networkMode === 'default' ? 'bridge' : resolve(networkMode),
    pidMode: resolve(pidMode),
    ipcMode: ipcMode === '' ? 'private' : resolve(ipcMode),
    cgroupnsMode: cgroupnsMode || (runtime.host.cgroups.version === 2 ? 'private' : 'host'),
    shmSize: shmSize || 64 * 1024 * 1024,
    restartPolicy: { ...restartPolicy, name: restartPolicy.name || 'no' },
    logConfig: { ...logConfig, type: logConfig.type || DEFAULT_LOG_DRIVER },
  };
}

/** Mounts of other containers, `name[:ro|rw]`. */
function inheritedMounts({ records }: Context, volumesFrom: readonly string[]): MountPoint[] {
  return volumesFrom.flatMap((text) => {
    const [name = '', mode = 'rw'] = text.split(':', 2);
    const { mounts } = records.find(name);
    const shared = mounts.filter(({ type }) => type !== 'tmpfs');
    return shared.map((mount) => ({ ...mount, writable: mount.writable && mode !== 'ro' }));
  });
}
