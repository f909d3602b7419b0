import type { Descriptor } from '#oci/descriptor.ts';
import type { HistoryEntry, ImageConfig } from '#oci/image-config.ts';

/** An image as the engine knows it. */
export interface ImageFacts {
  id: string;
  config: ImageConfig;
  tags: readonly string[];
  digests: readonly string[];
  /** Bytes of all layers. */
  size: number;
  /** When it was tagged last, milliseconds since epoch. */
  storedAt: number;
  root: Descriptor;
}

export interface ListedImageFacts extends ImageFacts {
  /** Bytes of layers that other images have as well. */
  sharedSize: number;
}

/** One row of `GET /images/json`. */
export function imageSummaryToWire(
  image: ListedImageFacts,
  { version, containers, sharedSize }: { version: number; containers: number; sharedSize: boolean },
): Record<string, unknown> {
  const isNameless = version < 143;
  return {
    Containers: version >= 151 ? containers : -1,
    Created: seconds(image.config.created),
    Id: image.id,
    Labels: image.config.config?.Labels ?? null,
    ParentId: '',
    RepoDigests: isNameless && image.digests.length === 0 ? ['<none>@<none>'] : image.digests,
    RepoTags: isNameless && image.tags.length === 0 ? ['<none>:<none>'] : image.tags,
    SharedSize: sharedSize ? image.sharedSize : -1,
    Size: image.size,
    ...(version < 144 && { VirtualSize: image.size }),
  };
}

/** What only this engine can tell of an image. */
export interface ImagePlaces {
  driver: string;
  /** Folders of its tree, by the names of overlayfs. */
  paths: Readonly<Record<string, string>> | undefined;
  layers: readonly { diffId: string; state: string; diskBytes: number }[];
}

/** `GET /images/{name}/json`. `Berth` is ours; clients pass over it. */
export function imageToWire(
  { id, config, tags, digests, size, storedAt }: ImageFacts,
  { version, driver, paths, layers }: ImagePlaces & { version: number },
): Record<string, unknown> {
  const last = config.history?.at(-1);
  return {
    Id: id,
    RepoTags: tags,
    RepoDigests: digests,
    Parent: '',
    Comment: last?.comment ?? '',
    ...((config.created !== undefined || version < 144) && { Created: config.created ?? '0001-01-01T00:00:00Z' }),
    DockerVersion: '',
    Author: config.author ?? '',
    Config: configToWire(config, version),
    Architecture: config.architecture,
    ...(config.variant !== undefined && { Variant: config.variant }),
    Os: config.os,
    ...(config['os.version'] !== undefined && { OsVersion: config['os.version'] }),
    Size: size,
    ...(version < 144 && { VirtualSize: size }),
    GraphDriver: { Name: driver, Data: paths ?? null },
    RootFS: { Type: 'layers', Layers: config.rootfs.diff_ids },
    Berth: {
      Layers: layers.map(({ diffId, state, diskBytes }) => ({ DiffID: diffId, State: state, DiskBytes: diskBytes })),
    },
    Metadata: { LastTagTime: tags.length === 0 ? '0001-01-01T00:00:00Z' : new Date(storedAt).toISOString() },
  };
}

/** Fields that only a container has stood in an image's config up to 1.49, always empty. */
const CONTAINER_FIELDS = {
  Hostname: '',
  Domainname: '',
  AttachStdin: false,
  AttachStdout: false,
  AttachStderr: false,
  Tty: false,
  OpenStdin: false,
  StdinOnce: false,
  Image: '',
};

function configToWire({ config = {} }: ImageConfig, version: number): Record<string, unknown> {
  return {
    ...(version < 150 && CONTAINER_FIELDS),
    User: '',
    Env: null,
    Cmd: null,
    Volumes: null,
    WorkingDir: '',
    Entrypoint: null,
    OnBuild: null,
    Labels: null,
    ...config,
  };
}

/** `GET /images/{name}/history`, the newest step first. */
export function historyToWire(
  { id, tags }: Pick<ImageFacts, 'id' | 'tags'>,
  steps: readonly (HistoryEntry & { size: number })[],
): Record<string, unknown>[] {
  return steps.map((step, index) => ({
    Comment: step.comment ?? '',
    Created: seconds(step.created),
    CreatedBy: step.created_by ?? '',
    Id: index === 0 ? id : '<missing>',
    Size: step.size,
    Tags: index === 0 && tags.length > 0 ? tags : null,
  }));
}

/** Answer of `DELETE /images/{name}`: names first. */
export function removedToWire({
  untagged,
  deleted,
}: {
  untagged: readonly string[];
  deleted: readonly string[];
}): Record<string, string>[] {
  return [...untagged.map((name) => ({ Untagged: name })), ...deleted.map((id) => ({ Deleted: id }))];
}

/** Seconds since epoch; 0 for a time that is absent or none. */
function seconds(time: string | undefined): number {
  const milliseconds = Date.parse(time ?? '');
  return Number.isNaN(milliseconds) ? 0 : Math.floor(milliseconds / 1000);
}
