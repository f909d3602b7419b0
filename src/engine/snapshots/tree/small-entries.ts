import { createLastFolder } from '#lib/files/last-folder.ts';
import type { Root } from '#lib/files/open-root.ts';
import { tarHeader } from '#lib/tar/header.ts';
import { tarEntry, tarPadding } from '#lib/tar/writer.ts';
import { readFileAt } from '#linux/read-file-at.ts';
import { statFileAt } from '#linux/stat-at.ts';

const SMALL_BYTES = 64 * 1024;
/** One byte more, to see that a file has grown. */
const buffer = Buffer.alloc(SMALL_BYTES + 1);

/** Small plain files as entries of an archive, in as few calls as the kernel allows. */
export interface SmallEntries extends Disposable {
  /** @returns header, content and padding; undefined for what is anything else, which goes the usual way */
  read(path: string, name: string): Buffer | undefined;
}

export function createSmallEntries(root: Root): SmallEntries {
  const folder = createLastFolder(root);
  return {
    read(path, name) {
      const at = path.isWellFormed() ? folder.of(path) : undefined;
      // Looked at before it is opened: that may do something to a device.
      const facts = at === undefined ? undefined : statFileAt(at.fd, at.name);
      if (at === undefined || facts === undefined || facts === 'other') return undefined;
      if (facts.links > 1 || facts.size > SMALL_BYTES) return undefined;
      const found = readFileAt(at.fd, at.name, buffer);
      if (found === undefined || found.hasXattrs || found.length !== found.facts.size) return undefined;
      const { mode, uid, gid, mtimeNs, links } = found.facts;
      if (links > 1) return undefined;
      const header = tarEntry(tarHeader({ name, kind: 'file', mode, uid, gid, mtimeNs, size: found.length }));
      return Buffer.concat([header, buffer.subarray(0, found.length), tarPadding(found.length)]);
    },
    [Symbol.dispose]: () => folder[Symbol.dispose](),
  };
}
