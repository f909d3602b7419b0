import type { Digest } from '#oci/digest.ts';
import type { ImageConfig } from '#oci/image-config.ts';
import type { StageState } from '../stages/stage-state.ts';

/** The config of the image that a stage has come to (OCI image-spec, config.md). */
export function configOf({ platform, config, history, author, created }: StageState, diffIds: Digest[]): ImageConfig {
  return {
    architecture: platform.architecture,
    os: platform.os,
    ...(platform.variant !== undefined && { variant: platform.variant }),
    ...(author !== undefined && { author }),
    created: created ?? new Date(0).toISOString(),
    config,
    rootfs: { type: 'layers', diff_ids: diffIds },
    history,
  };
}
