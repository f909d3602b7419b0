import { canonicalName, parseReference } from '#oci/reference.ts';
import type { ImagesContext } from './context.ts';
import { findImage } from './find-image.ts';
import type { ImageRecord } from './records.ts';

/** Images that a name stands for in `docker save`, each with the tags that go along: all of a repository when no tag is given. */
export function imagesToSave(
  { records }: Pick<ImagesContext, 'records'>,
  names: readonly string[],
): Map<ImageRecord, Set<string>> {
  const found = new Map<string, { record: ImageRecord; tags: Set<string> }>();
  const add = (record: ImageRecord, tags: readonly string[]): void => {
    const entry = found.get(record.id) ?? { record, tags: new Set() };
    for (const tag of tags) entry.tags.add(tag);
    found.set(record.id, entry);
  };
  for (const name of names) {
    const inRepository = repositoryTags({ records }, name);
    for (const { tag, record } of inRepository) add(record, [tag]);
    if (inRepository.length > 0) continue;
    const record = findImage({ records }, name);
    const tag = tagMeant(name);
    add(record, tag !== undefined && records.named(tag) === record.id ? [tag] : []);
  }
  return new Map([...found.values()].map(({ record, tags }) => [record, tags]));
}

/** The tags of a repository, if the name is that of one and has neither tag nor digest. */
function repositoryTags(
  { records }: Pick<ImagesContext, 'records'>,
  name: string,
): { tag: string; record: ImageRecord }[] {
  const repository = tryParse(name);
  if (repository === undefined || repository.tag !== undefined || repository.digest !== undefined) return [];
  const prefix = `${canonicalName(repository)}:`;
  const tags: { tag: string; record: ImageRecord }[] = [];
  for (const record of records.list())
    for (const tag of records.names(record.id).tags) if (tag.startsWith(prefix)) tags.push({ tag, record });
  return tags;
}

function tagMeant(name: string): string | undefined {
  const reference = tryParse(name);
  return reference?.tag === undefined ? undefined : canonicalName(reference);
}

function tryParse(name: string): ReturnType<typeof parseReference> | undefined {
  try {
    return parseReference(name);
  } catch {
    return undefined; // an id
  }
}
