import { createHash } from 'node:crypto';
import { file, tar } from './raw-tar.ts';

/** An image archive that no honest program wrote. */
export interface HostileImage {
  what: string;
  archive: Buffer;
  /** What the error says; absent if an image comes of it. */
  refused?: RegExp;
}

/** Any JSON. */
export type Json = unknown;

export const hexOf = (bytes: Buffer | string): string => createHash('sha256').update(bytes).digest('hex');
export const digestOf = (bytes: Buffer | string): string => `sha256:${hexOf(bytes)}`;

/** The layer of all these images. */
export const layer = tar(file('etc/motd', 'hello'));

export function configOf(more: Record<string, Json> = {}): string {
  const rootfs = { type: 'layers', diff_ids: [digestOf(layer)] };
  return JSON.stringify({ architecture: 'amd64', os: 'linux', config: {}, rootfs, ...more });
}

interface DockerParts {
  config?: string | Buffer;
  manifest?: Json;
  /** The text itself, where it is no JSON. */
  text?: string;
  layer?: Buffer;
  /** Entries before those of the image. */
  before?: readonly Buffer[];
  /** Entries behind them. */
  more?: readonly Buffer[];
}

/** An archive as `docker save` writes it, with one layer. */
export function dockerArchive({
  config = configOf(),
  manifest,
  text,
  layer: tarOf = layer,
  before = [],
  more = [],
}: DockerParts = {}): Buffer {
  const standard = [{ Config: 'config.json', RepoTags: ['hostile:1'], Layers: ['layer.tar'] }];
  return tar(
    ...before,
    file('layer.tar', tarOf),
    file('config.json', config),
    file('manifest.json', text ?? JSON.stringify(manifest ?? standard)),
    ...more,
  );
}

/** An archive with one layer of which config and manifest say the truth. */
export function imageOf(bytes: Buffer, stored: Buffer = bytes): Buffer {
  return dockerArchive({
    config: configOf({ rootfs: { type: 'layers', diff_ids: [digestOf(bytes)] } }),
    layer: stored,
  });
}

/** Brackets in brackets. */
export const deep = (depth: number): string => '['.repeat(depth) + ']'.repeat(depth);
