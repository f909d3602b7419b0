import { parseFields } from './fields.ts';
import { formatMillis } from './timestamps.ts';

const CREATE = {
  name: ['Name', 'string'],
  driver: ['Driver', 'string'],
  options: ['DriverOpts', 'map'],
  labels: ['Labels', 'map'],
} as const;

/** Body of `POST /volumes/create`. */
export interface VolumeCreate {
  name: string;
  driver: string;
  options: Record<string, string>;
  labels: Record<string, string>;
}

/** @throws {InvalidArgumentError} */
export function parseVolumeCreate(body: unknown): VolumeCreate {
  const { name, driver, options, labels } = parseFields(CREATE, body);
  return { name, driver, options: { ...options }, labels: { ...labels } };
}

/** What the wire form of a volume is made of. */
export interface VolumeSource {
  name: string;
  driver: string;
  /** Milliseconds since epoch. */
  created: number;
  labels: Readonly<Record<string, string>>;
  options: Readonly<Record<string, string>>;
  mountpoint: string;
}

/** `Volume` of the Engine API. `usage` in bytes and containers, where it was counted. */
export function volumeToWire(volume: VolumeSource, usage?: { size: number; users: number }): Record<string, unknown> {
  const { name, driver, created, labels, options, mountpoint } = volume;
  return {
    CreatedAt: formatMillis(created),
    Driver: driver,
    Labels: Object.keys(labels).length === 0 ? null : labels,
    Mountpoint: mountpoint,
    Name: name,
    Options: Object.keys(options).length === 0 ? null : options,
    Scope: 'local',
    ...(usage === undefined ? {} : { UsageData: { Size: usage.size, RefCount: usage.users } }),
  };
}
