import { sha256 } from '#lib/sha256.ts';
import type { Digest } from './digest.ts';

/** Identifier of a stack of layers (OCI image-spec, config.md#layer-chainid). */
export type ChainId = Digest;

/** The chain id of each prefix of the stack, bottom first. */
export function chainIds(diffIds: readonly Digest[]): ChainId[] {
  const chain: ChainId[] = [];
  for (const diffId of diffIds) {
    const parent = chain.at(-1);
    chain.push(parent === undefined ? diffId : sha256(`${parent} ${diffId}`));
  }
  return chain;
}
