import { provenanceOf } from '#engine/builder/export/attest/provenance.ts';
import type { Log } from '#lib/log.ts';
import { type GrpcStatus, STATUS } from '#lib/grpc/status.ts';
import { encodeMessage } from '#lib/protobuf/encode.ts';
import type { MessageOf, Partly } from '#lib/protobuf/message.ts';
import { sha256 } from '#lib/sha256.ts';
import { formatPlatform } from '#oci/platform.ts';
import type { DESCRIPTOR } from './messages/common.ts';
import type { BuildResult, RunningBuild } from './running-build.ts';

type Descriptor = Partly<MessageOf<typeof DESCRIPTOR>>;

/** What clients fetch of a build that has ended, besides its record. */
export interface BuildAttachments {
  /** How the results came to be, by platform. */
  provenance: ReadonlyMap<string, Descriptor>;
  /** What it failed with. */
  error: Descriptor | undefined;
}

/** Attachments of the last builds. They are held in memory: clients fetch them right after the build. */
export interface Attachments {
  /** Writes down how results came to be, if the client asked for it. */
  addResults(build: RunningBuild, results: readonly BuildResult[]): Promise<void>;
  addError(ref: string, status: GrpcStatus): void;
  of(ref: string): BuildAttachments | undefined;
  read(digest: string): Uint8Array | undefined;
}

const BUILDS = 50;
const IN_TOTO = 'application/vnd.in-toto+json';
const RPC_STATUS = 'application/vnd.googeapis.google.rpc.status+proto';
const NOTHING: BuildAttachments = { provenance: new Map(), error: undefined };

interface Kept extends BuildAttachments {
  blobs: ReadonlyMap<string, Uint8Array>;
}

export function createAttachments(log: Log): Attachments {
  const byRef = new Map<string, Kept>();
  const keep = (ref: string, kept: Kept): void => {
    byRef.delete(ref);
    byRef.set(ref, kept);
    const [oldest] = byRef.keys();
    if (byRef.size > BUILDS && oldest !== undefined) byRef.delete(oldest);
  };
  return {
    async addResults({ ref, started }, results) {
      const provenance = new Map<string, Descriptor>();
      const blobs = new Map<string, Uint8Array>();
      for (const { result } of results) {
        const parameters = result.build.request.attestations.get('provenance');
        if (parameters === undefined) continue;
        try {
          const subject = { image: { result }, layers: [] };
          const { type, body } = await provenanceOf({ request: result.build.request, started }, subject, parameters);
          const bytes = Buffer.from(JSON.stringify(body));
          blobs.set(sha256(bytes), bytes);
          provenance.set(
            formatPlatform(result.platform),
            describe(bytes, IN_TOTO, { 'in-toto.io/predicate-type': type }),
          );
        } catch (error) {
          // The build is done; that its story is not told must not fail it.
          log.warn('no provenance for the history of a build', { ref, error: String(error) });
        }
      }
      if (provenance.size > 0) keep(ref, { ...NOTHING, provenance, blobs });
    },
    addError(ref, status) {
      const bytes = encodeMessage(STATUS, status);
      keep(ref, { ...NOTHING, error: describe(bytes, RPC_STATUS, {}), blobs: new Map([[sha256(bytes), bytes]]) });
    },
    of: (ref) => byRef.get(ref),
    read: (digest) =>
      byRef
        .values()
        .map(({ blobs }) => blobs.get(digest))
        .find((bytes) => bytes !== undefined),
  };
}

function describe(
  bytes: Uint8Array,
  ...[mediaType, annotations]: [mediaType: string, annotations: Readonly<Record<string, string>>]
): Descriptor {
  return { mediaType, digest: sha256(bytes), size: bytes.length, annotations: new Map(Object.entries(annotations)) };
}
