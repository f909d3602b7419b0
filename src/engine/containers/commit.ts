import type { ContainerConfig } from '#api/container-config.ts';
import { applyChanges } from '#engine/images/apply-changes.ts';
import { commitImage } from '#engine/images/commit-image.ts';
import { readTar } from '#lib/tar/read-tar.ts';
import { TAR_END, tarEntry, tarPadding } from '#lib/tar/writer.ts';
import type { ContainerDefaults } from '#oci/image-config.ts';
import type { Digest } from '#oci/digest.ts';
import { withoutMountPoints } from './changes.ts';
import { type Context, publish } from './context.ts';
import type { ContainerRecord } from './record.ts';

export interface CommitRequest {
  tag: string | undefined;
  comment: string;
  author: string;
  /** Freeze the container meanwhile. */
  pause: boolean;
  /** Lines of a Dockerfile. */
  changes: readonly string[];
  /** What the body sets goes over the container's own. */
  config: Partial<ContainerConfig>;
}

/** Makes an image of a container's files and config. @throws {NotFoundError}; {InvalidArgumentError} for a broken change */
export async function commitContainer(context: Context, name: string, request: CommitRequest): Promise<Digest> {
  const record = context.records.find(name);
  const config = applyChanges(defaultsOf({ ...record.config, ...request.config }), request.changes);
  const base = await context.images.get(record.image);
  using _ = await context.images.hold(base.id);
  const created = new Date().toISOString();
  const { author, comment } = request;
  const image = await whileFrozen(context, record, request.pause, async () => {
    const { image: made } = await commitImage(context.images.context, {
      parent: base.id,
      layers: [{ tar: await tarOf(context, record) }],
      config: { ...platformOf(base.config), created, ...(author === '' ? {} : { author }), config },
      history: [
        {
          created,
          created_by: record.command.join(' '),
          ...(author === '' ? {} : { author }),
          ...(comment === '' ? {} : { comment }),
        },
      ],
      tags: request.tag === undefined ? [] : [request.tag],
    });
    return made;
  });
  const attributes = { comment, imageID: image.id, imageRef: request.tag ?? '' };
  publish(context, record, { action: 'commit', attributes });
  return image.id;
}

/** Holds the processes of a running container meanwhile. */
async function whileFrozen<T>(
  { runtime }: Context,
  ...[{ id, state }, isWanted, work]: [record: ContainerRecord, isWanted: boolean, work: () => Promise<T>]
): Promise<T> {
  const isFrozen = isWanted && state.status === 'running';
  if (isFrozen) await runtime.pause(id);
  try {
    return await work();
  } finally {
    if (isFrozen) await runtime.unpause(id);
  }
}

/** The container's changes as a layer. */
async function tarOf({ snapshots }: Context, record: ContainerRecord): Promise<AsyncIterable<Uint8Array>> {
  const all = await Array.fromAsync(snapshots.changes(record.id));
  const kept = new Set(withoutMountPoints(all, record.mounts).map(({ path }) => path));
  const dropped = new Set(all.map(({ path }) => path).filter((path) => !kept.has(path)));
  return without(snapshots.diff(record.id), dropped);
}

async function* without(tar: AsyncIterable<Uint8Array>, dropped: ReadonlySet<string>): AsyncGenerator<Uint8Array> {
  for await (const { header, content } of readTar(tar)) {
    if (dropped.has(`/${header.name.replace(/\/$/, '')}`)) continue;
    yield tarEntry(header);
    yield* content;
    yield tarPadding(header.kind === 'file' ? header.size : 0);
  }
  yield TAR_END;
}

function platformOf(config: { architecture: string; os: string; variant?: string }): {
  architecture: string;
  os: string;
  variant?: string;
} {
  const { architecture, os, variant } = config;
  return { architecture, os, ...(variant === undefined ? {} : { variant }) };
}

/** The part of a container's config that is an image's. */
function defaultsOf(config: ContainerConfig): ContainerDefaults {
  const { healthcheck } = config;
  return {
    ...(config.user === '' ? {} : { User: config.user }),
    ...(config.exposedPorts.length === 0 ? {} : { ExposedPorts: keys(config.exposedPorts) }),
    Env: [...config.env],
    ...(config.entrypoint === undefined ? {} : { Entrypoint: [...config.entrypoint] }),
    ...(config.cmd === undefined ? {} : { Cmd: [...config.cmd] }),
    ...(config.volumes.length === 0 ? {} : { Volumes: keys(config.volumes) }),
    ...(config.workingDir === '' ? {} : { WorkingDir: config.workingDir }),
    Labels: { ...config.labels },
    ...(config.stopSignal === '' ? {} : { StopSignal: config.stopSignal }),
    ...(config.shell === undefined ? {} : { Shell: [...config.shell] }),
    ...(healthcheck === undefined
      ? {}
      : {
          Healthcheck: {
            Test: [...(healthcheck.test ?? [])],
            Interval: healthcheck.interval,
            Timeout: healthcheck.timeout,
            StartPeriod: healthcheck.startPeriod,
            StartInterval: healthcheck.startInterval,
            Retries: healthcheck.retries,
          },
        }),
  };
}

function keys(names: readonly string[]): Record<string, object> {
  return Object.fromEntries(names.map((name) => [name, {}]));
}
