import { ConflictError } from '#lib/errors.ts';
import { hexOf, isDigest } from '#oci/digest.ts';
import { canonicalName, familiarName, parseReference, withDefaultTag } from '#oci/reference.ts';
import type { ImagesContext } from './context.ts';
import { findImage, isIdOf } from './find-image.ts';
import type { ImageRecord } from './records.ts';

/** A container of an image. */
export interface ImageUser {
  id: string;
  isRunning: boolean;
}

export interface RemoveImageOptions {
  /** Remove also what several names or stopped containers refer to. */
  force?: boolean;
  /** Containers made of the image. */
  users: readonly ImageUser[];
}

export interface RemovedImages {
  /** Familiar names that are gone. */
  untagged: string[];
  /** Image ids, then chain ids of layers, that are gone. */
  deleted: string[];
  /** Bytes that come back. */
  bytes: number;
}

/**
 * Takes a name away, and the image with its last one; by id, the image with all names when they are of one repository.
 * @throws {NotFoundError}; {ConflictError} if a container or another name needs it
 */
export async function removeImage(
  context: ImagesContext,
  name: string,
  { force = false, users }: RemoveImageOptions,
): Promise<RemovedImages> {
  const record = findImage(context, name);
  const removal: Removal = { context, record, users, untagged: [] };
  // With its last name the record goes, or neither does.
  const isGoing = context.records.atomically(() => {
    if (isIdOf(record.id, name) || isDigest(name)) removeById(removal, force);
    else if (!removeByName(removal, name, force)) return false;
    context.records.remove(record.id);
    return true;
  });
  if (!isGoing) return { untagged: removal.untagged, deleted: [], bytes: 0 };
  dropImage(context, record);
  const { removed, bytes } = await context.garbage.collect();
  return { untagged: removal.untagged, deleted: [record.id, ...removed], bytes };
}

interface Removal {
  context: ImagesContext;
  record: ImageRecord;
  users: readonly ImageUser[];
  untagged: string[];
}

/** @returns whether the image has no name left and goes as well */
function removeByName(removal: Removal, name: string, force: boolean): boolean {
  const { context, record, users } = removal;
  const [user] = users;
  if (!force && user !== undefined && isSingle(allNames(removal)))
    throw new ConflictError(
      `conflict: unable to remove repository reference "${name}" (must force) - container ${short(user.id)} is using its referenced image ${short(hexOf(record.id))}`,
      { hint: 'remove the container first, or use --force' },
    );
  const reference = withDefaultTag(parseReference(name));
  untag(removal, canonicalName(reference));
  const { tag: _, digest, ...repository } = reference;
  // With the last tag of a repository its digests go, too.
  const prefix = canonicalName(repository);
  if (digest === undefined && !context.records.names(record.id).tags.some((tag) => tag.startsWith(`${prefix}:`)))
    for (const other of context.records.names(record.id).digests)
      if (other.startsWith(`${prefix}@`)) untag(removal, other);
  if (allNames(removal).length > 0) return false;
  // The name is gone as asked; what a container runs on stays without one.
  return force ? !users.some(({ isRunning }) => isRunning) : users.length === 0;
}

function removeById(removal: Removal, force: boolean): void {
  const { record, users } = removal;
  const running = users.find(({ isRunning }) => isRunning);
  const stopped = users[0];
  const refuse = (how: 'must' | 'cannot', why: string): never => {
    throw new ConflictError(`conflict: unable to delete ${short(hexOf(record.id))} (${how} be forced) - ${why}`);
  };
  if (running !== undefined) refuse('cannot', `image is being used by running container ${short(running.id)}`);
  const names = allNames(removal);
  if (!force && !isSingle(names)) refuse('must', 'image is referenced in multiple repositories');
  if (!force && stopped !== undefined) refuse('must', `image is being used by stopped container ${short(stopped.id)}`);
  for (const name of names) untag(removal, name);
}

function untag({ context, record, untagged }: Removal, name: string): void {
  context.records.removeName(name);
  untagged.push(familiarName(parseReference(name)));
  context.events.publish({ type: 'image', action: 'untag', id: record.id, attributes: { name: record.id } });
}

/** Removes the record; what only this image needed goes with the next collection. */
export function dropImage({ records, documents, events }: ImagesContext, { id }: ImageRecord): void {
  records.remove(id);
  documents.delete(id);
  events.publish({ type: 'image', action: 'delete', id, attributes: { name: id } });
}

function allNames({ context, record }: Removal): string[] {
  const { tags, digests } = context.records.names(record.id);
  return [...tags, ...digests];
}

/** Whether all names are one tag of one repository and its digests there. */
function isSingle(names: readonly string[]): boolean {
  if (names.length <= 1) return true;
  const tags = names.filter((name) => !name.includes('@'));
  const repositories = new Set(names.filter((name) => name.includes('@')).map((name) => name.split('@')[0]));
  if (tags.length > 1 || repositories.size !== 1) return false;
  const [tag] = tags;
  return tag === undefined || repositories.has(tag.slice(0, tag.lastIndexOf(':')));
}

function short(id: string): string {
  return id.slice(0, 12);
}
