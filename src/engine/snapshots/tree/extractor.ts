import {
  closeSync,
  constants,
  fchmodSync,
  fchownSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  symlinkSync,
  writeSync,
} from 'node:fs';
import { ConflictError, InvalidArgumentError, NotFoundError } from '#lib/errors.ts';
import { fileError, isErrno } from '#lib/files/file-error.ts';
import { encodeName } from '#lib/files/name.ts';
import type { Located, Root } from '#lib/files/open-root.ts';
import { cleanName } from '#lib/tar/clean-name.ts';
import type { TarHeader } from '#lib/tar/header.ts';
import { refuseOverlayAttributes } from '#lib/tar/overlay-attributes.ts';
import type { TarSink } from '#lib/tar/parser.ts';
import { refuseImpossible } from '#lib/tar/refuse-impossible.ts';
import { makeNode } from '#linux/mknod.ts';
import {
  type LateAttributes,
  setAttributes,
  setLateAttributes,
  setMtime,
  setXattrs,
  splitAttributes,
} from './attributes.ts';
import { ffiPath } from './ffi-path.ts';
import { stillAt } from './still-at.ts';
import { createLateLinks, type LateLinks, noLinkTarget } from './late-links.ts';

export interface ExtractOptions {
  /** Owner of all entries in place of the archive's. */
  owner?: { uid: number; gid: number };
  /** Refuse to replace a folder by something else, or something else by a folder, as `docker cp` does. */
  keepKinds?: boolean;
  /** Makes a folder that the archive does not name; 0755 root if absent. */
  makeParent?: (parent: Located) => void;
  /**
   * A hard link may lead to an entry that comes later, or to what this puts into the tree when it is called, at the end; it answers false if there
   * is no such file. Without it a link leads to an earlier entry.
   */
  fetchLinkTarget?: (path: string) => boolean;
}

/** Writes the entries of a tar archive below a root. Throws errors of our kinds. */
export interface Extractor extends TarSink, Disposable {
  /** Sets what a folder gets once nothing more is written into it. */
  setLater(path: string, attributes: LateAttributes): void;
  /** After the last entry: links to what came later, or comes from elsewhere, get their file. */
  settleLinks(): void;
  /** After all that is written into the tree. */
  finish(): void;
}

const CREATE = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL;

/** @see Extractor. Symbolic links in names lead on as the root was opened; nothing is written outside it. */
export function createExtractor(root: Root, options: ExtractOptions = {}): Extractor {
  return new TreeExtractor(root, options);
}

/** Holds the file that is being written. */
class TreeExtractor implements Extractor {
  readonly #root: Root;
  readonly #options: ExtractOptions;
  readonly #folders = new Map<string, LateAttributes>();
  readonly #late: LateLinks;
  #open: { fd: number; header: TarHeader; place: Located } | undefined;

  constructor(root: Root, options: ExtractOptions) {
    this.#root = root;
    this.#options = options;
    this.#late = createLateLinks(root, options.fetchLinkTarget);
  }

  entry(header: TarHeader): void {
    const path = cleanName(header.name);
    refuseImpossible(path, header);
    refuseOverlayAttributes(path, header.xattrs.keys());
    try {
      this.#create(path, header);
    } catch (error) {
      throw fileError(error, path);
    }
  }

  data(chunk: Buffer, offset: number): void {
    if (this.#open === undefined) return;
    try {
      for (let at = 0; at < chunk.length;) at += writeSync(this.#open.fd, chunk, at, chunk.length - at, offset + at); // eslint-disable-line max-params -- Node's own
    } catch (error) {
      throw fileError(error, this.#open.header.name);
    }
  }

  end(): void {
    if (this.#open === undefined) return;
    const { fd, header, place } = this.#open;
    try {
      if (header.sparse !== undefined) ftruncateSync(fd, header.size);
      const owner = this.#options.owner ?? header;
      fchownSync(fd, owner.uid, owner.gid);
      fchmodSync(fd, header.mode);
      setXattrs(place, header.xattrs);
      setMtime(place, header.mtimeNs);
    } catch (error) {
      throw fileError(error, header.name);
    } finally {
      this[Symbol.dispose]();
    }
  }

  setLater(path: string, attributes: LateAttributes): void {
    const defaultAcl = attributes.defaultAcl ?? this.#folders.get(path)?.defaultAcl;
    this.#folders.set(path, { ...attributes, defaultAcl });
  }

  settleLinks(): void {
    this.#late.settle();
  }

  finish(): void {
    for (const [path, attributes] of this.#folders) {
      // A folder may have been replaced by something else after its entry.
      const place = stillAt(this.#root, path);
      if (place !== undefined && this.#root.lstat(path)?.isDirectory() === true)
        setLateAttributes(this.#root.locate(path), attributes);
    }
    this.#folders.clear();
  }

  [Symbol.dispose](): void {
    if (this.#open !== undefined) closeSync(this.#open.fd);
    this.#open = undefined;
  }

  #create(path: string, header: TarHeader): void {
    if (header.kind === 'directory') this.#directory(path, header);
    else if (path === '') throw new InvalidArgumentError(`the archive's root is not a directory`);
    else if (header.kind === 'link') this.#link(path, header);
    else {
      const place = this.#place(path, (located) => this.#make(located, header));
      if (header.kind !== 'file')
        setAttributes(place, { ...header, ...this.#options.owner }, { isLink: header.kind === 'symlink' });
    }
  }

  #locate(path: string): Located {
    const makeParent = this.#options.makeParent ?? ((parent: Located) => mkdirSync(parent.path, 0o755));
    return this.#root.locate(path, { makeParent });
  }

  /** Makes something at a path; what is there gives way. */
  #place(path: string, make: (place: Located) => void): Located {
    const place = this.#locate(path);
    try {
      make(place);
      return place;
    } catch (error) {
      if (!isErrno(error, 'EEXIST') && !(error instanceof ConflictError)) throw error;
    }
    if (this.#options.keepKinds === true && this.#root.lstat(path)?.isDirectory() === true)
      throw new InvalidArgumentError(`cannot overwrite directory "/${path}" with non-directory`);
    this.#root.remove(path);
    const again = this.#locate(path);
    make(again);
    return again;
  }

  #make(place: Located, header: TarHeader): void {
    switch (header.kind) {
      case 'file':
        // By the place itself: it stays good until the next call of the root, which comes after this entry.
        this.#open = { fd: openSync(place.path, CREATE | constants.O_NOFOLLOW, 0o600), header, place };
        break;
      case 'symlink':
        if (header.linkName === '') throw new InvalidArgumentError(`${header.name}: a symbolic link to nothing`);
        symlinkSync(encodeName(header.linkName), place.path);
        break;
      case 'character':
      case 'block':
      case 'fifo':
        makeNode(ffiPath(place), { ...header, kind: header.kind });
        break;
      default:
        throw new InvalidArgumentError(`${header.name}: cannot be made`);
    }
  }

  #directory(path: string, header: TarHeader): void {
    const place = this.#locate(path);
    if (path !== '') this.#makeDirectory(path, place);
    const { now, late } = splitAttributes(header);
    setAttributes(this.#locate(path), { ...now, ...this.#options.owner });
    this.setLater(place.canonical, late);
  }

  #makeDirectory(path: string, place: Located): void {
    try {
      mkdirSync(place.path, 0o755);
    } catch (error) {
      if (!isErrno(error, 'EEXIST')) throw error;
      if (this.#root.lstat(path)?.isDirectory() === true) return;
      if (this.#options.keepKinds === true)
        throw new InvalidArgumentError(`cannot overwrite non-directory "/${path}" with directory`);
      this.#root.remove(path);
      mkdirSync(this.#locate(path).path, 0o755);
    }
  }

  #link(path: string, header: TarHeader): void {
    const target = cleanName(header.linkName);
    const existing = this.#root.lstat(target);
    const isLater = existing === undefined && this.#options.fetchLinkTarget !== undefined;
    if (existing?.isDirectory() === true || (existing === undefined && !isLater)) throw noLinkTarget(path, target);
    if (isLater) {
      this.#place(path, (place) => this.#late.add(place, { path, target }));
      return;
    }
    if (this.#root.locate(target).canonical === this.#locate(path).canonical) return;
    try {
      const place = this.#place(path, () => this.#root.link(target, path));
      this.#late.linked(place);
    } catch (error) {
      if (!(error instanceof NotFoundError)) throw error;
      throw new InvalidArgumentError(`${path}: is a link to ${target}, which is gone`, { cause: error });
    }
  }
}
