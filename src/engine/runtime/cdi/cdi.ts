import { NotFoundError } from '#lib/errors.ts';
import { type DeviceEdits, mergeEdits } from './device-edits.ts';
import { CDI_FOLDERS, readCdi } from './read-cdi.ts';

/** Devices of this host, as their makers describe them for containers (Container Device Interface). */
export interface Cdi {
  /** Full names that a request means: one device, any of a class (`vendor/class`), or all (`vendor/class=*`). Empty if there is none. */
  find(request: string): string[];
  /** What to tell whoever needs one that is not there. */
  missing(request: string): NotFoundError;
  /** What devices bring into a container, by full names. @throws {NotFoundError} {InvalidArgumentError} for a description that cannot be followed */
  edits(names: readonly string[]): DeviceEdits;
}

/** Reads the descriptions as they are now. */
export async function openCdi(folders: readonly string[] = CDI_FOLDERS): Promise<Cdi> {
  const { devices, problems } = await readCdi(folders);
  const missing = (request: string): NotFoundError =>
    new NotFoundError(`device ${request} is not known on this host`, {
      why: [
        `no file in ${folders.join(' or ')} describes it`,
        ...(devices.size === 0 ? [] : [`what is described: ${[...devices.keys()].toSorted().join(', ')}`]),
        ...problems,
      ].join('\n'),
      hint: 'have it described as JSON, for example with nvidia-ctk cdi generate --format=json --output=/etc/cdi/nvidia.json',
    });
  return {
    missing,
    find(request) {
      const [kind = '', name] = request.split('=', 2);
      const all = [...devices.keys()].filter((known) => known.startsWith(`${kind}=`)).toSorted();
      if (name === '*') return all;
      if (name === undefined) return all.slice(0, 1);
      return devices.has(request) ? [request] : [];
    },
    edits: (names) =>
      mergeEdits(
        names.map((name) => {
          const known = devices.get(name);
          if (known === undefined) throw missing(name);
          return known;
        }),
      ),
  };
}
