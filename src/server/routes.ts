import { NotImplementedError } from '#lib/errors.ts';
import type { Route } from './route.ts';
import { containerStreamRoutes } from './routes/container-streams.ts';
import { containerRoutes, type ContainersBackend } from './routes/containers.ts';
import { execRoutes } from './routes/exec.ts';
import { type NetworksBackend, networkRoutes } from './routes/networks.ts';
import { type SystemBackend, systemRoutes } from './routes/system.ts';
import { unservedRoutes } from './routes/unserved.ts';
import { volumeRoutes, type VolumesBackend } from './routes/volumes.ts';

/** What all routes together need of the engine. */
export type Backend = SystemBackend & ContainersBackend & VolumesBackend & Pick<NetworksBackend, 'networks'>;

/** The whole API: what the nouns serve, then honest answers for the rest. */
export function allRoutes(engine: Backend): readonly Route[] {
  const whole = { ...engine, connectContainer: missing, disconnectContainer: missing };
  return [
    ...systemRoutes(engine),
    ...containerRoutes(engine),
    ...containerStreamRoutes(engine),
    ...execRoutes(engine),
    ...volumeRoutes(engine),
    ...networkRoutes(whole),
    ...unservedRoutes(),
  ];
}

async function missing(): Promise<never> {
  throw new NotImplementedError('connecting containers: not implemented by this engine');
}
