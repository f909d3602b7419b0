import type { IncomingHttpHeaders } from 'node:http';
import type { Duplex } from 'node:stream';
import type { ClientStore } from '#engine/builder/cache/cache-spec.ts';
import type { OutputSink } from '#engine/builder/export/output-spec.ts';
import type { Credentials } from '#engine/builder/request.ts';
import type { SecretSource, SshSource } from '#engine/builder/sources/client-sources.ts';
import type { ContextSource, ImageSource } from '#engine/builder/sources/context-source.ts';

/** Sessions that clients hold open: over each of them this side asks for files, secrets and agents, and hands over results. */
export interface Sessions {
  /**
   * Takes over a connection on which the client answers calls. Headers name it: `x-docker-expose-session-uuid`, `-name`, `-sharedkey`,
   * and the methods it has, `-grpc-method`.
   * @throws {InvalidArgumentError} without an id; {ConflictError} if the id is taken
   */
  add(socket: Duplex, headers: IncomingHttpHeaders): Session;
  /** Waits for one that is still on its way. @throws {NotFoundError} when it did not come */
  get(id: string, waitMs: number): Promise<Session>;
  /** Ends all. */
  close(): Promise<void>;
}

export interface Session {
  readonly id: string;
  /** The same for all builds of one context by one client; names what was kept of it. */
  readonly sharedKey: string;
  /** Paths of the methods it answers: `/moby.filesync.v1.FileSync/DiffCopy`. */
  readonly methods: ReadonlySet<string>;
  /** Aborts when it ends. */
  readonly signal: AbortSignal;
  /** Files that the client offers under a name: `context`, `dockerfile`, a named context. */
  files(name: string): ContextSource;
  /** What `http://buildkit-session/<id>` names: a Dockerfile or an archive that the client reads from its standard input. */
  upload(url: string): ContextSource;
  /** An image in an OCI layout on the client's side: `<store>@sha256:…`; its store of content is `oci:<store>`. */
  layout(address: string): ImageSource;
  readonly credentials: Credentials;
  readonly secrets: SecretSource;
  readonly ssh: SshSource;
  /** Where an output goes. @param index of the exporter in the request */
  sink(index: number): OutputSink;
  /** A store of content on the client's side: of a cache, an OCI layout, an output. */
  store(id: string): ClientStore;
}
