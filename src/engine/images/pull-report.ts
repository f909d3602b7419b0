import { progressText, type ProgressMessage } from '#api/progress.ts';
import type { Descriptor } from '#oci/descriptor.ts';
import { type Digest, hexOf } from '#oci/digest.ts';
import { familiarName, type Reference } from '#oci/reference.ts';
import type { LayerState } from './store-target.ts';

/** Tells a pull in Docker's words; clients match spelling and order. */
export interface PullReport {
  begin(reference: Reference): void;
  layer: (layer: Descriptor, state: LayerState | 'known') => void;
  /** Bytes of a layer that have come. */
  bytes: (layer: Descriptor, current: number) => void;
  end(result: { reference: Reference; digest: Digest; isNew: boolean }): void;
}

const INTERVAL_MS = 100;

export function createPullReport(write: (message: ProgressMessage) => void): PullReport {
  const layers = new Map<Digest, { toldAt: number; isWhole: boolean }>();

  const tell = (layer: Descriptor, status: string): void =>
    write({ status, progressDetail: {}, id: shortId(layer.digest) });
  return {
    begin({ path, tag, digest }) {
      write({ status: `Pulling from ${path}`, id: digest ?? tag ?? 'latest' });
    },

    layer(layer, state) {
      if (state === 'known') {
        if (layers.has(layer.digest)) return;
        layers.set(layer.digest, { toldAt: 0, isWhole: false });
        tell(layer, 'Pulling fs layer');
      }
      if (!layers.has(layer.digest)) return;
      if (state === 'exists') tell(layer, 'Already exists');
      if (state === 'stored') {
        tell(layer, 'Verifying Checksum');
        tell(layer, 'Download complete');
      }
      if (state === 'unpacking') progress(layer, { status: 'Extracting', current: layer.size });
      if (state === 'unpacked') tell(layer, 'Pull complete');
    },

    bytes(layer, current) {
      const state = layers.get(layer.digest);
      if (state === undefined || state.isWhole) return;
      state.isWhole = current >= layer.size;
      if (!state.isWhole && Date.now() - state.toldAt < INTERVAL_MS) return;
      state.toldAt = Date.now();
      progress(layer, { status: 'Downloading', current });
    },

    end({ reference, digest, isNew }) {
      const name = familiarName(reference);
      write({ status: `Digest: ${digest}` });
      write({
        status: isNew ? `Status: Downloaded newer image for ${name}` : `Status: Image is up to date for ${name}`,
      });
    },
  };

  function progress({ digest, size }: Descriptor, { status, current }: { status: string; current: number }): void {
    const detail = { current, total: size };
    write({ status, progressDetail: detail, progress: progressText(current, size), id: shortId(digest) });
  }
}

export function shortId(digest: Digest): string {
  return hexOf(digest).slice(0, 12);
}
