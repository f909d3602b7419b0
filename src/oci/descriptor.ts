import type { Digest } from './digest.ts';
import type { Platform } from './platform.ts';

/** Points at content (OCI image-spec, descriptor.md). `size` in bytes. */
export interface Descriptor {
  mediaType: string;
  digest: Digest;
  size: number;
  urls?: string[];
  annotations?: Record<string, string>;
  data?: string;
  artifactType?: string;
  platform?: Platform;
}
