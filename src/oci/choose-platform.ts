import type { Platform } from './platform.ts';

/** Oldest and newest variants of the processors that run code of older ones. */
const VARIANTS: Readonly<Record<string, readonly string[]>> = {
  amd64: ['v1', 'v2', 'v3', 'v4'],
  arm: ['v5', 'v6', 'v7', 'v8'],
  arm64: ['v8', 'v9'],
};
const USUAL: Readonly<Record<string, string>> = { amd64: 'v1', arm: 'v7', arm64: 'v8' };

/** Those of some platforms whose programs run where `wanted` is asked for, the best first; equal ones in their order. */
export function choosePlatforms<T extends Platform>(wanted: Platform, from: readonly T[]): T[] {
  const ranks = runnable(wanted);
  return from
    .map((platform) => ({ platform, rank: ranks.indexOf(nameOf(platform)) }))
    .filter(({ rank }) => rank >= 0)
    .toSorted((a, b) => a.rank - b.rank)
    .map(({ platform }) => platform);
}

function nameOf({ os, architecture, variant = '' }: Platform): string {
  return `${os}/${architecture}/${variant === '' ? (USUAL[architecture] ?? '') : variant}`;
}

/** Names of the platforms that a machine of this one runs, the best first. */
function runnable(wanted: Platform): string[] {
  const { os, architecture } = wanted;
  const own = olderOf(wanted).map((variant) => nameOf({ os, architecture, variant }));
  if (architecture === 'amd64') return [...own, nameOf({ os, architecture: '386' })];
  if (architecture !== 'arm64') return own;
  return [...own, ...runnable({ os, architecture: 'arm', variant: 'v8' })];
}

function olderOf({ architecture, variant = '' }: Platform): string[] {
  const variants = VARIANTS[architecture] ?? [];
  const own = variant === '' ? (USUAL[architecture] ?? '') : variant;
  const at = variants.indexOf(own);
  return at < 0 ? [own] : variants.slice(0, at + 1).toReversed();
}
