import { progressText, type ProgressMessage } from '#api/progress.ts';
import type { Descriptor } from '#oci/descriptor.ts';
import type { Digest } from '#oci/digest.ts';
import { canonicalName, type Reference } from '#oci/reference.ts';
import { shortId } from './pull-report.ts';

/** Tells a push in Docker's words; layers go by their diffId. */
export interface PushReport {
  begin(reference: Reference): void;
  layer(diffId: Digest, status: string): void;
  /** Bytes of a layer, uncompressed, that were sent. */
  bytes(diffId: Digest, progress: { current: number; total: number }): void;
  end(tag: string, descriptor: Descriptor): void;
}

const INTERVAL_MS = 100;

export function createPushReport(write: (message: ProgressMessage) => void): PushReport {
  const toldAt = new Map<Digest, number>();
  return {
    begin({ domain, path }) {
      write({ status: `The push refers to repository [${canonicalName({ domain, path })}]` });
    },

    layer(diffId, status) {
      write({ status, progressDetail: {}, id: shortId(diffId) });
    },

    bytes(diffId, { current, total }) {
      const isLast = current >= total;
      if (!isLast && Date.now() - (toldAt.get(diffId) ?? 0) < INTERVAL_MS) return;
      toldAt.set(diffId, Date.now());
      write({
        status: 'Pushing',
        progressDetail: { current, total },
        progress: progressText(current, total),
        id: shortId(diffId),
      });
    },

    end(tag, { digest, size }) {
      write({ status: `${tag}: digest: ${digest} size: ${size}` });
      write({ progressDetail: {}, aux: { Tag: tag, Digest: digest, Size: size } });
    },
  };
}
