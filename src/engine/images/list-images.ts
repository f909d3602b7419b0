import type { Filters } from '#api/filters.ts';
import { chainIds } from '#oci/chain-id.ts';
import type { ImagesContext } from './context.ts';
import { findImage } from './find-image.ts';
import type { Image } from './image.ts';
import { listWhole } from './list-whole.ts';

export interface ListedImage extends Image {
  /** Bytes of layers that other images have as well. */
  sharedSize: number;
}

export const IMAGE_FILTERS: readonly string[] = [
  'before',
  'dangling',
  'label',
  'label!',
  'reference',
  'since',
  'until',
];

/**
 * Images that pass the filters, the newest first.
 * @throws {NotFoundError} if an image named in `before` or `since` is not there; {InvalidArgumentError}
 */
export async function listImages(context: ImagesContext, filters: Filters): Promise<ListedImage[]> {
  const all = await listWhole(context);
  const isWanted = createTest(context, filters);
  const shared = await sharedSizes(context, all);
  return all
    .filter(isWanted)
    .map((image) => ({ ...narrow(image, filters), sharedSize: shared.get(image.id) ?? 0 }))
    .toSorted((a, b) => createdMs(b) - createdMs(a));
}

/** When it was made, milliseconds since epoch; 0 if it does not say. */
export function createdMs({ config }: Pick<Image, 'config'>): number {
  const time = Date.parse(config.created ?? '');
  return Number.isNaN(time) ? 0 : time;
}

function createTest(context: ImagesContext, filters: Filters): (image: Image) => boolean {
  const timeOf = (key: string): number[] =>
    filters.values(key).map((name) => {
      const { id } = findImage(context, name);
      return createdMs({
        config: context.documents.get(id)?.config ?? {
          architecture: '',
          os: '',
          rootfs: { type: 'layers', diff_ids: [] },
        },
      });
    });
  const [before, since] = [timeOf('before'), timeOf('since')];
  const dangling = filters.flag('dangling');
  const until = filters.time('until');
  return (image) => {
    const created = createdMs(image);
    if (dangling === true && image.tags.length > 0) return false;
    if (dangling === false && image.tags.length + image.digests.length === 0) return false;
    if (before.some((time) => created >= time) || since.some((time) => created <= time)) return false;
    if (until !== undefined && BigInt(created) * 1_000_000n >= until) return false;
    return filters.labels(image.config.config?.Labels ?? {}) && hasReference(image, filters.values('reference'));
  };
}

/** With a reference filter only the names that fit are shown. */
function narrow(image: Image, filters: Filters): Image {
  const patterns = filters.values('reference');
  if (patterns.length === 0) return image;
  const fits = (name: string): boolean => patterns.some((pattern) => matchesReference(pattern, name));
  return { ...image, tags: image.tags.filter(fits), digests: image.digests.filter(fits) };
}

function hasReference({ tags, digests }: Image, patterns: readonly string[]): boolean {
  if (patterns.length === 0) return true;
  return [...tags, ...digests].some((name) => patterns.some((pattern) => matchesReference(pattern, name)));
}

/** As `path.Match` of Go: `*` and `?` do not cross a slash. The pattern may leave the tag out. */
function matchesReference(pattern: string, name: string): boolean {
  const source = pattern
    .replace(/[.+^${}()|\\]/g, '\\$&')
    .replaceAll('*', '[^/]*')
    .replaceAll('?', '[^/]');
  let test: RegExp;
  try {
    test = new RegExp(`^${source}$`);
  } catch {
    return false;
  }
  const withoutDigest = name.replace(/@.*$/, '');
  return test.test(name) || test.test(withoutDigest.replace(/:[^:/]*$/, ''));
}

async function sharedSizes({ snapshots }: ImagesContext, images: readonly Image[]): Promise<Map<string, number>> {
  const users = new Map<string, number>();
  const chains = images.map((image) => ({ image, chain: chainIds(image.config.rootfs.diff_ids) }));
  for (const { chain } of chains) for (const name of chain) users.set(name, (users.get(name) ?? 0) + 1);
  const bytes = new Map((await snapshots.list()).map((record) => [record.name, record.bytes]));
  return new Map(
    chains.map(({ image, chain }) => [
      image.id,
      chain.reduce((sum, name) => sum + ((users.get(name) ?? 0) > 1 ? (bytes.get(name) ?? 0) : 0), 0),
    ]),
  );
}
