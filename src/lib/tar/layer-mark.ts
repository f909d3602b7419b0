import { InvalidArgumentError } from '#lib/errors.ts';
import type { TarHeader } from './header.ts';

const WHITEOUT = '.wh.';
const OPAQUE = '.wh..wh..opq';

/** Attribute of a folder that hides all that is below it. */
export const OPAQUE_MARK = { name: 'trusted.overlay.opaque', value: 'y' } as const;
/**
 * Attribute of a folder that holds whiteouts. Without it overlayfs lists them as files where no layer below has that folder: it takes an origin, even an
 * unknown one, as the sign that there may be some (fs/overlayfs/inode.c, ovl_get_inode).
 */
export const WHITEOUTS_MARK = { name: 'trusted.overlay.origin', value: '' } as const;

/** An entry of a layer that says something about the layers below in place of being a file. */
export type LayerMark =
  /** The path is hidden. */
  | { kind: 'whiteout'; path: string }
  /** All that is below in this folder is hidden. */
  | { kind: 'opaque'; path: string }
  /** Left by aufs; means nothing. */
  | { kind: 'none' };

/**
 * What an entry marks; undefined for a file of the tree (OCI image-spec, layer.md#whiteouts).
 * @param path clean, from `cleanName`
 * @throws {InvalidArgumentError} if it is no valid mark, or a device that overlayfs would take for one
 */
export function layerMark(path: string, header: Pick<TarHeader, 'kind' | 'major' | 'minor'>): LayerMark | undefined {
  if (header.kind === 'character' && header.major === 0 && header.minor === 0)
    throw new InvalidArgumentError(`${path}: a device 0:0 is not allowed in a layer`, {
      why: 'overlayfs would take it for a deletion',
    });
  if (!path.includes(WHITEOUT)) return undefined;
  const parts = path.split('/');
  const name = parts.pop() ?? '';
  const folder = parts.join('/');
  if (parts.some((part) => part.startsWith('.wh..wh.'))) return { kind: 'none' };
  if (parts.some((part) => part.startsWith(WHITEOUT)))
    throw new InvalidArgumentError(`${path}: a whiteout has nothing below it`);
  if (!name.startsWith(WHITEOUT)) return undefined;
  const hidden = name.slice(WHITEOUT.length);
  if (name === OPAQUE) return { kind: 'opaque', path: folder };
  if (hidden === '' || hidden === '.' || hidden === '..')
    throw new InvalidArgumentError(`${path}: is not a valid whiteout`);
  if (hidden.startsWith(WHITEOUT)) return { kind: 'none' };
  return { kind: 'whiteout', path: folder === '' ? hidden : `${folder}/${hidden}` };
}
