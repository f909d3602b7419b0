import { posix } from 'node:path';
import { InvalidArgumentError } from '#lib/errors.ts';
import type { ContainerConfig } from '#api/container-config.ts';
import type { HostConfig, MountRequest } from '#api/host-config.ts';
import type { MountPoint } from './record.ts';

/** A mount before its volume exists: an anonymous one has no source yet. */
export type PlannedMount = MountPoint & { volumeRequest?: { driver?: string; labels?: Record<string, string>; options?: Record<string, string> } }; // prettier-ignore

/**
 * Everything that is mounted into a container, of `-v`, `--mount`, `--tmpfs`, `--volumes-from` and the image; by destination.
 * Pure: sources are looked at later. `inherited` are the mounts of the containers in `volumesFrom`.
 * @throws {InvalidArgumentError} with Docker's texts
 */
export function planMounts(
  { volumes }: Pick<ContainerConfig, 'volumes'>,
  hostConfig: Pick<HostConfig, 'binds' | 'mounts' | 'tmpfs' | 'volumeDriver'>,
  inherited: readonly MountPoint[],
): PlannedMount[] {
  const byDestination = new Map<string, PlannedMount>(inherited.map((mount) => [mount.destination, mount]));
  const explicit = new Set<string>();
  const add = (mount: PlannedMount): void => {
    if (explicit.has(mount.destination)) throw new InvalidArgumentError(`Duplicate mount point: ${mount.destination}`);
    explicit.add(mount.destination);
    byDestination.set(mount.destination, mount);
  };
  for (const bind of hostConfig.binds) add(parseBind(bind, hostConfig.volumeDriver));
  for (const mount of hostConfig.mounts) add(planMount(mount));
  for (const [destination, options] of Object.entries(hostConfig.tmpfs))
    add(tmpfs(absolute(destination), options.split(',').filter(Boolean)));
  for (const volume of volumes) {
    const destination = absolute(volume);
    if (!byDestination.has(destination)) byDestination.set(destination, anonymous(destination));
  }
  return [...byDestination.values()].toSorted((a, b) => depth(a.destination) - depth(b.destination));
}

const PROPAGATIONS: ReadonlySet<string> = new Set(['private', 'rprivate', 'shared', 'rshared', 'slave', 'rslave']);
const NAME = /^[a-zA-Z0-9][a-zA-Z0-9_.-]+$/;

/** `source:destination[:options]`, `volume:destination[:options]`, or a destination alone. @throws {InvalidArgumentError} */
export function parseBind(text: string, driver = ''): PlannedMount {
  const parts = text.split(':');
  const invalid = (why = ''): InvalidArgumentError =>
    new InvalidArgumentError(`invalid volume specification: '${text}'${why === '' ? '' : `: ${why}`}`);
  if (parts.length > 3 || parts.some((part, index) => part === '' && index < 2)) throw invalid();
  if (parts.length === 1) return anonymous(destinationOf(parts[0] ?? '', text));
  const [source = '', destination = '', mode = ''] = parts;
  const options = mode.split(',').filter(Boolean);
  for (const option of options)
    if (
      !['ro', 'rw', 'z', 'Z', 'nocopy', 'cached', 'delegated', 'consistent'].includes(option) &&
      !PROPAGATIONS.has(option)
    )
      throw invalid(`invalid mode: ${mode}`);
  const common = {
    destination: destinationOf(destination, text),
    mode,
    writable: !options.includes('ro'),
  };
  const propagation = options.find((option) => PROPAGATIONS.has(option));
  if (source.startsWith('/')) {
    if (options.includes('nocopy')) throw invalid(`invalid mode: ${mode}`);
    return {
      type: 'bind',
      source: clean(source),
      ...common,
      propagation: propagation ?? 'rprivate',
      createSource: true,
    };
  }
  if (!NAME.test(source))
    throw new InvalidArgumentError(
      `create ${source}: "${source}" includes invalid characters for a local volume name, only "[a-zA-Z0-9][a-zA-Z0-9_.-]" are allowed. If you intended to pass a host directory, use absolute path`,
    );
  if (propagation !== undefined) throw invalid(`invalid mode: ${mode}`);
  const noCopy = options.includes('nocopy') ? { noCopy: true } : {};
  return {
    type: 'volume',
    name: source,
    source: '',
    driver: driver || 'local',
    ...common,
    mode: mode === '' ? 'z' : mode,
    propagation: '',
    ...noCopy,
  };
}

function planMount(request: MountRequest): PlannedMount {
  const { type, source, target, readOnly } = request;
  const fail = (why: string): InvalidArgumentError =>
    new InvalidArgumentError(`invalid mount config for type "${type}": ${why}`);
  if (target === '') throw fail('field Target must not be empty');
  const common = { destination: destinationOf(target, target), mode: '', writable: !readOnly };
  switch (type) {
    case 'bind': {
      if (source === '') throw fail('field Source must not be empty');
      if (!source.startsWith('/')) throw fail(`invalid mount path: '${source}' mount path must be absolute`);
      const {
        propagation = '',
        nonRecursive = false,
        createMountpoint = false,
        readOnlyNonRecursive = false,
      } = request.bindOptions ?? {};
      if (propagation !== '' && !PROPAGATIONS.has(propagation)) throw fail(`invalid propagation mode: ${propagation}`);
      return {
        type,
        source: clean(source),
        ...common,
        propagation: propagation || 'rprivate',
        createSource: createMountpoint,
        nonRecursive,
        ...(readOnlyNonRecursive ? { readOnlyHere: true } : {}),
      };
    }
    case 'volume': {
      const { noCopy = false, labels = {}, driverConfig, subpath = '' } = request.volumeOptions ?? {};
      if (source !== '' && !NAME.test(source)) throw fail(`"${source}" is no name of a volume`);
      if (subpath.startsWith('/') || subpath.split('/').includes('..'))
        throw fail('subpath must be a relative path within the volume');
      return {
        type,
        ...(source === '' ? { anonymous: true } : { name: source }),
        source: '',
        driver: driverConfig?.name || 'local',
        ...common,
        mode: 'z',
        propagation: '',
        noCopy,
        ...(subpath === '' ? {} : { subpath }),
        volumeRequest: { driver: driverConfig?.name || 'local', labels, options: driverConfig?.options ?? {} },
      };
    }
    case 'tmpfs': {
      if (source !== '') throw fail('field Source must not be specified');
      const { sizeBytes = 0, mode = 0, options = [] } = request.tmpfsOptions ?? {};
      const size = sizeBytes > 0 ? [`size=${sizeBytes}`] : [];
      const access = mode > 0 ? [`mode=${mode.toString(8)}`] : [];
      const given = options.map((pair) => pair.join('='));
      return { ...tmpfs(common.destination, [...size, ...access, ...given]), writable: !readOnly };
    }
    default:
      throw new InvalidArgumentError(`invalid mount config for type "${type}": mount type unknown`, {
        hint: 'bind, volume and tmpfs are known',
      });
  }
}

function tmpfs(destination: string, options: readonly string[]): PlannedMount {
  const writable = !options.includes('ro');
  return { type: 'tmpfs', source: '', destination, mode: options.join(','), writable, propagation: '', options };
}

function anonymous(destination: string): PlannedMount {
  return {
    type: 'volume',
    anonymous: true,
    source: '',
    destination,
    driver: 'local',
    mode: '',
    writable: true,
    propagation: '',
    volumeRequest: {},
  };
}

function destinationOf(path: string, text: string): string {
  if (!path.startsWith('/'))
    throw new InvalidArgumentError(
      `invalid volume specification: '${text}': invalid mount path: '${path}' mount path must be absolute`,
    );
  return absolute(path, text);
}

function absolute(path: string, text = path): string {
  const destination = clean(path.startsWith('/') ? path : `/${path}`);
  if (destination === '/')
    throw new InvalidArgumentError(
      `invalid volume specification: '${text}': invalid specification: destination can't be '/'`,
    );
  return destination;
}

function clean(path: string): string {
  const normal = posix.normalize(path);
  return normal.length > 1 ? normal.replace(/\/+$/, '') : normal;
}

function depth(path: string): number {
  return path.split('/').length;
}
