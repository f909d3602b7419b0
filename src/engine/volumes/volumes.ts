export interface VolumeRecord {
  name: string;
  driver: 'local';
  /** Milliseconds since epoch. */
  created: number;
  labels: Readonly<Record<string, string>>;
  options: Readonly<Record<string, string>>;
  mountpoint: string;
  anonymous: boolean;
}

export interface Volumes {
  /** Idempotent by name; without a name an anonymous one is made. @throws {InvalidArgumentError} for a bad name or driver */
  create(request: {
    name?: string;
    driver?: string;
    labels?: Record<string, string>;
    options?: Record<string, string>;
  }): Promise<VolumeRecord>;
  /** @throws {NotFoundError} `get x: no such volume` */
  get(name: string): Promise<VolumeRecord>;
  list(): Promise<VolumeRecord[]>;
  /** The caller knows that no container uses it. */
  remove(name: string): Promise<void>;
  /** Bytes on disk. */
  size(name: string): Promise<number>;
}
