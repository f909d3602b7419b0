import { InvalidArgumentError } from '#lib/errors.ts';
import type { Digest } from '#oci/digest.ts';
import type { ContainerDefaults, HistoryEntry, ImageConfig } from '#oci/image-config.ts';
import { type ArchiveContext, type ArchiveImage, parseJson, plainImage } from './plain-image.ts';

/** The `json` file of one layer in archives from before image ids were digests. */
interface LayerJson {
  id?: string;
  parent?: string;
  created?: string;
  author?: string;
  comment?: string;
  architecture?: string;
  os?: string;
  config?: ContainerDefaults;
  container_config?: { Cmd?: string[] | null };
}

const DEPTH_LIMIT = 500;

/** Images of an archive that has only `repositories` and a folder per layer; their ids are made from what the folders say. */
export async function legacyImages(context: ArchiveContext): Promise<ArchiveImage[]> {
  const repositories = parseJson(context.archive.text('repositories'), 'repositories');
  if (!isNames(repositories)) throw new InvalidArgumentError('repositories is broken');
  const tags = new Map<string, string[]>();
  for (const [name, versions] of Object.entries(repositories))
    for (const [tag, id] of Object.entries(versions)) tags.set(id, [...(tags.get(id) ?? []), `${name}:${tag}`]);
  const images: ArchiveImage[] = [];
  for (const [id, names] of tags) images.push(await legacyImage(context, id, names));
  return images;
}

/** By repository, then by tag, the id of a layer. */
function isNames(value: unknown): value is Record<string, Record<string, string>> {
  return isObject(value) && Object.values(value).every((tags) => isObject(tags) && Object.values(tags).every(isText));
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}

function isText(value: unknown): boolean {
  return typeof value === 'string';
}

async function legacyImage(context: ArchiveContext, id: string, tags: readonly string[]): Promise<ArchiveImage> {
  const chain = readChain(context, id);
  const top = chain.at(-1);
  const diffIds: Digest[] = [];
  const layers: string[] = [];
  for (const layer of chain) {
    const path = `${layer.id}/layer.tar`;
    layers.push(path);
    diffIds.push(context.archive.layer(path).diffId);
  }
  const config: ImageConfig = {
    architecture: top?.architecture ?? 'amd64',
    os: top?.os ?? 'linux',
    ...(top?.created !== undefined && { created: top.created }),
    ...(top?.author !== undefined && { author: top.author }),
    ...(top?.config !== undefined && { config: top.config }),
    history: chain.map(historyOf),
    rootfs: { type: 'layers', diff_ids: diffIds },
  };
  return plainImage(context, { config: Buffer.from(JSON.stringify(config)), layers, tags });
}

/** The layers from the lowest to this one. */
function readChain({ archive }: ArchiveContext, id: string): (LayerJson & { id: string })[] {
  const chain: (LayerJson & { id: string })[] = [];
  for (let next: unknown = id; next !== undefined && next !== '';) {
    if (typeof next !== 'string' || !/^[0-9a-f]{64}$/.test(next) || chain.length >= DEPTH_LIMIT)
      throw new InvalidArgumentError(`archive has a broken layer id ${JSON.stringify(next)}`);
    const layer = parseJson(archive.text(`${next}/json`), `${next}/json`);
    if (!isObject(layer)) throw new InvalidArgumentError(`${next}/json is broken`);
    chain.unshift({ ...layer, id: next });
    next = (layer as LayerJson).parent;
  }
  return chain;
}

function historyOf({ created, author, comment, container_config: command }: LayerJson): HistoryEntry {
  return {
    ...(created !== undefined && { created }),
    ...(author !== undefined && author !== '' && { author }),
    ...(comment !== undefined && comment !== '' && { comment }),
    created_by: (command?.Cmd ?? []).join(' '),
  };
}
