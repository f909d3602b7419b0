import type { Route } from './route.ts';
import { type SystemBackend, systemRoutes } from './routes/system.ts';
import { unservedRoutes } from './routes/unserved.ts';

/** What all routes together need of the engine. */
export type Backend = SystemBackend;

/** The whole API: what the nouns serve, then honest answers for the rest. */
export function allRoutes(engine: Backend): readonly Route[] {
  return [...systemRoutes(engine), ...unservedRoutes()];
}
