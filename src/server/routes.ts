import type { Route } from './route.ts';
import { type AuthBackend, authRoutes } from './routes/auth.ts';
import { type BuildBackend, buildRoutes } from './routes/build.ts';
import { buildCacheRoutes } from './routes/build-cache.ts';
import { buildRecordRoutes } from './routes/build-records.ts';
import { buildOrderRoutes } from './routes/build-order.ts';
import { type BuildkitBackend, buildkitRoutes } from './routes/buildkit.ts';
import { containerFileRoutes } from './routes/container-files.ts';
import { containerStatsRoutes } from './routes/container-stats.ts';
import { containerStreamRoutes } from './routes/container-streams.ts';
import { containerRoutes, type ContainersBackend } from './routes/containers.ts';
import { type DedupeBackend, dedupeRoutes } from './routes/dedupe.ts';
import { type DiskUsageBackend, diskUsageRoutes } from './routes/disk-usage.ts';
import { execRoutes } from './routes/exec.ts';
import { type FsckBackend, fsckRoutes } from './routes/fsck.ts';
import { type ImageCreateBackend, imageCreateRoutes } from './routes/image-create.ts';
import { imageRoutes, type ImagesBackend } from './routes/images.ts';
import { type NetworksBackend, networkRoutes } from './routes/networks.ts';
import { type PushBackend, pushRoutes } from './routes/push.ts';
import { type SystemBackend, systemRoutes } from './routes/system.ts';
import { type TrainingRunsBackend, trainingRunRoutes } from './routes/training-runs.ts';
import { unservedRoutes } from './routes/unserved.ts';
import { volumeRoutes, type VolumesBackend } from './routes/volumes.ts';

/** What all routes together need of the engine. */
export type Backend = SystemBackend &
  DiskUsageBackend &
  DedupeBackend &
  FsckBackend &
  ContainersBackend &
  ImagesBackend &
  ImageCreateBackend &
  PushBackend &
  AuthBackend &
  BuildBackend &
  BuildkitBackend &
  VolumesBackend &
  TrainingRunsBackend &
  Pick<NetworksBackend, 'networks'>;

/** The whole API: what the nouns serve, then honest answers for the rest. */
export function allRoutes(engine: Backend): readonly Route[] {
  return [
    ...systemRoutes(engine),
    ...diskUsageRoutes(engine),
    ...dedupeRoutes(engine),
    ...fsckRoutes(engine),
    ...containerRoutes(engine),
    ...containerStreamRoutes(engine),
    ...containerFileRoutes(engine),
    ...containerStatsRoutes(engine),
    ...execRoutes(engine),
    ...imageRoutes(engine),
    ...imageCreateRoutes(engine),
    ...pushRoutes(engine),
    ...authRoutes(engine),
    ...buildRoutes(engine),
    ...buildOrderRoutes(engine),
    ...buildkitRoutes(engine),
    ...buildCacheRoutes(engine),
    ...buildRecordRoutes(engine),
    ...trainingRunRoutes(engine),
    ...volumeRoutes(engine),
    ...networkRoutes(networksBackend(engine)),
    ...unservedRoutes(),
  ];
}

function networksBackend({ networks, containers, events }: Backend): NetworksBackend {
  return {
    networks,
    events,
    connectContainer: async (network, container, endpoint) => containers.connect(container, network, endpoint),
    disconnectContainer: async (network, container, options) => containers.disconnect(container, network, options),
  };
}
