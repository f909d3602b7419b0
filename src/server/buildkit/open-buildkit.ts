import type { IncomingHttpHeaders } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Builder } from '#engine/builder/builder.ts';
import type { Images } from '#engine/images/images.ts';
import type { Networks } from '#engine/networks/networks.ts';
import { createGrpcServer } from '#lib/grpc/server.ts';
import { statusOfError } from '#lib/grpc/status.ts';
import type { Log } from '#lib/log.ts';
import { createAttachments } from './attachments.ts';
import { createBuilds } from './builds.ts';
import { StatusError } from './describe-error.ts';
import { buildkitServices } from './services.ts';
import { openSessions } from './session/open-sessions.ts';
import { SESSION_WAIT_MS } from './build-frontend.ts';
import type { Session } from './sessions.ts';
import { createWorker } from './worker.ts';

/** BuildKit's protocol, as clients of the engine speak it. */
export interface Buildkit {
  /** Answers calls on a connection on which HTTP/2 begins. Settles when it is closed. */
  serve(socket: Duplex): Promise<void>;
  /** Takes over a connection on which the client answers calls. */
  addSession(socket: Duplex, headers: IncomingHttpHeaders): void;
  /** One that a client has opened, or opens just now. @throws {NotFoundError} */
  session(id: string): Promise<Session>;
  /** Ends builds, sessions and connections. */
  close(): Promise<void>;
}

/** What it needs of the engine. */
export interface BuildkitEngine {
  id: string;
  builder: Builder;
  images: Images;
  networks: Networks;
  facts: { hostname: string; snapshotDriver: string };
  /** Settings for registries as they are now. */
  registries(): { insecureRegistries: readonly string[]; mirrors: readonly string[] };
}

export function openBuildkit(engine: BuildkitEngine, { log }: { log: Log }): Buildkit {
  const { id, builder, images, networks, facts } = engine;
  const sessions = openSessions({ contexts: builder.contexts, images: images.context, log });
  const builds = createBuilds(builder, log);
  const worker = createWorker({ id, ...facts, builder, networks });
  const attachments = createAttachments(log);
  const registries = (): ReturnType<BuildkitEngine['registries']> => engine.registries();
  const server = createGrpcServer({
    services: buildkitServices({ builder, images, registries, builds, attachments, sessions, worker }),
    describe: (error) => (error instanceof StatusError ? error.status : statusOfError(error)),
    log,
  });
  return {
    serve: (socket) => server.serve(socket),
    addSession: (socket, headers) => void sessions.add(socket, headers),
    session: (name) => sessions.get(name, SESSION_WAIT_MS),
    async close() {
      await builds.close();
      await sessions.close();
      server.close();
    },
  };
}
