import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, rmdirSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { LayerImage, LayerStore } from '#engine/layers/layer-store.ts';
import { BerthError, DataLossError } from '#lib/errors.ts';
import { isErrno } from '#lib/files/file-error.ts';
import { unlessGone } from '#lib/files/unless-gone.ts';
import type { Log } from '#lib/log.ts';
import { unmount, unmountLater } from '#linux/mount.ts';
import { parseMountinfo } from '#linux/proc.ts';
import type { Digest } from '#oci/digest.ts';
import { type FileForm, mountLayer } from './mount-layer.ts';

/** The mounted trees of layers. Each is mounted once, whoever uses it, from its first use until no snapshot has it any more. */
export interface LayerMounts {
  /**
   * Mounts layers that are not mounted yet, and keeps them so until the answer is disposed, whatever is removed meanwhile.
   * @throws {NotFoundError} if the store has no such layer; {DataLossError} for one that the kernel does not take
   */
  hold(diffIds: readonly Digest[]): Disposable;
  /** Where a layer's tree is, or would be, mounted. @throws {NotFoundError} */
  pathOf(diffId: Digest): string;
  /** Unmounts a layer unless a snapshot has it or somebody holds it. What the kernel kept of it goes in the background. */
  release(diffId: Digest): void;
  /** Unmounts what layers were before they were replaced, as far as no container stands on it any more. To be called when one is gone. */
  releaseFormer(): void;
  /** Mount points of which no snapshot, nobody who holds them and no container has use. */
  strays(): string[];
  /** Unmounts all that no mounted container stands on. */
  close(): Promise<void>;
}

export interface LayerMountsOptions {
  layers: LayerStore;
  /** Folder of the mount points. */
  root: string;
  form: FileForm;
  /** Whether a snapshot has the layer. */
  isUsed: (diffId: Digest) => boolean;
  log: Log;
}

/** Opens them, adopts the mounts that a former process left and takes away those that nobody has use for. */
export function openLayerMounts({ layers, root, form, isUsed, log }: LayerMountsOptions): LayerMounts {
  const holds = new Map<Digest, number>();
  /** Files of layers that were mounted, by diffId: a layer may leave the store before its mount goes. */
  const files = new Map<Digest, string>();
  const former = createFormerMounts(root, log);
  mkdirSync(root, { recursive: true, mode: 0o700 });

  const pathOf = (diffId: Digest): string => join(root, mountName(layers.image(diffId)));
  const ensure = (diffId: Digest): void => {
    const image = layers.image(diffId);
    const path = join(root, mountName(image));
    former.note(diffId, files.get(diffId), basename(image.path));
    files.set(diffId, basename(image.path));
    // Who held the former one before may be about to mount something over it.
    if ((holds.get(diffId) ?? 0) <= 1) former.release(diffId);
    if (!isMounted(root, path)) mountNew(path, image, { diffId, form });
  };
  const release = (diffId: Digest): void => {
    if ((holds.get(diffId) ?? 0) > 0) return;
    former.release(diffId);
    if (isUsed(diffId)) return;
    const file = files.get(diffId) ?? unlessGone(() => basename(layers.image(diffId).path));
    files.delete(diffId);
    if (file !== undefined) for (const name of namesOf(root, file)) takeAway(join(root, name), log);
  };
  const drop = (diffId: Digest): void => {
    const left = (holds.get(diffId) ?? 0) - 1;
    if (left > 0) holds.set(diffId, left);
    else holds.delete(diffId);
    if (left === 0) release(diffId);
  };

  sweep(root, { layers, isUsed, log });
  return {
    hold(diffIds) {
      const held: Digest[] = [];
      const letGo = (): void => held.splice(0).forEach(drop);
      try {
        for (const diffId of diffIds) {
          holds.set(diffId, (holds.get(diffId) ?? 0) + 1);
          held.push(diffId);
          ensure(diffId);
        }
      } catch (error) {
        letGo();
        throw error;
      }
      return { [Symbol.dispose]: letGo };
    },
    pathOf,
    release,
    releaseFormer: () => former.releaseAll(),
    strays: () =>
      straysOf(root, { layers, files, isWanted: (diffId) => (holds.get(diffId) ?? 0) > 0 || isUsed(diffId) }),
    close: async () => unmountUnused(root, log),
  };
}

function straysOf(
  root: string,
  {
    layers,
    files,
    isWanted,
  }: { layers: LayerStore; files: Map<Digest, string>; isWanted: (diffId: Digest) => boolean },
): string[] {
  const wanted = [...files].flatMap(([diffId, file]) => (isWanted(diffId) ? [file] : []));
  for (const { diffId } of layers.list()) {
    const path = isWanted(diffId) ? unlessGone(() => layers.image(diffId).path) : undefined;
    if (path !== undefined) wanted.push(basename(path));
  }
  const others = readdirSync(root).filter((name) => !wanted.some((file) => isOfFile(name, file)));
  return unusedOf(others).map((name) => join(root, name));
}

function mountNew(path: string, image: LayerImage, { diffId, form }: { diffId: Digest; form: FileForm }): void {
  mkdirSync(path, { recursive: true, mode: 0o700 });
  try {
    mountLayer(path, image, form);
  } catch (error) {
    rmdirSync(path);
    throw mountError(diffId, error);
  }
}

/** Mounts of files that layers had before they were replaced, and that containers may still stand on. */
interface FormerMounts {
  note(diffId: Digest, former: string | undefined, file: string): void;
  release(diffId: Digest): void;
  releaseAll(): void;
}

function createFormerMounts(root: string, log: Log): FormerMounts {
  const files = new Map<Digest, Set<string>>();
  const release = (diffId: Digest): void => {
    const former = files.get(diffId);
    if (former === undefined) return;
    const names = [...former].flatMap((file) => namesOf(root, file));
    takeAwayUnused(root, names, log);
    for (const file of former) if (namesOf(root, file).length === 0) former.delete(file);
    if (former.size === 0) files.delete(diffId);
  };
  return {
    note(diffId, former, file) {
      if (former !== undefined && former !== file) files.set(diffId, (files.get(diffId) ?? new Set()).add(former));
    },
    release,
    releaseAll: () => [...files.keys()].forEach(release),
  };
}

/**
 * Name of a layer's mount point: that of its file, and a word for those of its donors. Files are replaced under other names when they were damaged:
 * the layer is then mounted anew, beside what still shows the former.
 */
export function mountName({ path, devices }: LayerImage): string {
  if (devices.length === 0) return basename(path);
  const donors = createHash('sha256').update(devices.map((device) => basename(device)).join(' '));
  return `${basename(path)}.${donors.digest().readUIntBE(0, 6).toString(36).slice(-4)}`;
}

function namesOf(root: string, file: string): string[] {
  return readdirSync(root).filter((name) => isOfFile(name, file));
}

function isOfFile(name: string, file: string): boolean {
  return name === file || name.startsWith(`${file}.`);
}

/** By looking, not by remembering: who unmounts by hand does no harm. */
function isMounted(root: string, path: string): boolean {
  const found = unlessGone(() => statSync(path));
  return found !== undefined && found.dev !== statSync(root).dev;
}

function mountError(diffId: Digest, error: unknown): Error {
  return new DataLossError(`layer ${diffId} cannot be mounted`, {
    why: error instanceof BerthError ? error.message : String(error),
    hint: 'berth fsck tells whether the layer is whole; loading or pulling its image again replaces it',
    cause: error,
  });
}

/** Everything that is mounted there, and the mount point. The path is free at once. */
function takeAway(path: string, log: Log): void {
  const failed = (error: unknown): void => log.warn('a layer could not be unmounted', { path, error: String(error) });
  try {
    void unmountLater(path).catch(failed);
    while (unmount(path));
    rmdirSync(path);
  } catch (error) {
    if (!isErrno(error, 'ENOENT')) failed(error);
  }
}

/** What a former process left: mounts of layers that are still used stay, as they are; others go. */
function sweep(root: string, { layers, isUsed, log }: Pick<LayerMountsOptions, 'layers' | 'isUsed' | 'log'>): void {
  const names = readdirSync(root);
  if (names.length === 0) return;
  const used = new Set<string>();
  for (const { diffId } of layers.list()) {
    if (!isUsed(diffId)) continue;
    const name = unlessGone(() => mountName(layers.image(diffId)));
    if (name !== undefined) used.add(name);
  }
  const isOld = (name: string): boolean => !used.has(name) || !isMounted(root, join(root, name));
  takeAwayUnused(root, names.filter(isOld), log);
}

/** Of two containers that share a layer, one may have been started before and one after a stop of the engine: they share its pages all the same. */
async function unmountUnused(root: string, log: Log): Promise<void> {
  takeAwayUnused(root, readdirSync(root), log);
}

/** Those that a mounted container stands on stay: they tell that the file below is still read. */
function takeAwayUnused(root: string, names: readonly string[], log: Log): void {
  for (const name of unusedOf(names)) takeAway(join(root, name), log);
}

/** Of these mount points those that no mounted container stands on. */
function unusedOf(names: readonly string[]): string[] {
  if (names.length === 0) return [];
  const stacks = parseMountinfo(readFileSync('/proc/self/mountinfo', 'utf8'))
    .filter(({ type }) => type === 'overlay')
    .map(({ superOptions }) => `${superOptions.join(',')},`);
  return names.filter(
    (name) => !stacks.some((options) => options.includes(`/${name}:`) || options.includes(`/${name},`)),
  );
}
