import type { ImageConfig } from '#oci/image-config.ts';
import type { BuiltImage } from './built-image.ts';

/** A config in which nothing that this build made is newer than a point in time; what the base tells stays as it is. */
export function clampConfig({ config, baseHistory }: BuiltImage, epoch: number): ImageConfig {
  const limit = epoch * 1000;
  const earliest = new Date(limit).toISOString().replace('.000Z', 'Z');
  const clamp = (time: string | undefined): string =>
    time === undefined || !(Date.parse(time) <= limit) ? earliest : time;
  const history = (config.history ?? []).map((entry, index) =>
    index < baseHistory ? entry : { ...entry, created: clamp(entry.created) },
  );
  return { ...config, created: clamp(config.created), history };
}
