/** File types as they stand in a mode (inode(7), S_IFMT). */
export const KIND_MASK = 0o170000;
export const FIFO = 0o010000;
export const CHARACTER = 0o020000;
export const DIRECTORY = 0o040000;
export const BLOCK_DEVICE = 0o060000;
export const REGULAR = 0o100000;
export const SYMLINK = 0o120000;

/** The type a directory entry of EROFS states beside the name, by the four bits of the mode. */
export const ENTRY_TYPES: readonly number[] = [0, 5, 3, 0, 2, 0, 4, 0, 1, 0, 7, 0, 6, 0, 0, 0];
