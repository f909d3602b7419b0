import { closeSync, constants, openSync, read } from 'node:fs';
import { promisify } from 'node:util';
import { isErrno } from '#lib/files/file-error.ts';
import { markWhole } from '#lib/free-buffer.ts';
import { addressOf } from '#linux/address-of.ts';

/** Reads pieces of a large file around the page cache. */
export interface DirectRead extends Disposable {
  /** @returns undefined if the piece is to be read as usual */
  read(offset: number, length: number): Promise<Buffer> | undefined;
}

const readLater = promisify(read);

/** What every disk and file system is content with as place, length and address of a direct read. */
const ALIGNMENT = 4096;

/** Undefined where the file system has no such thing. */
export function openDirectRead(path: string): DirectRead | undefined {
  let fd: number;
  try {
    fd = openSync(path, constants.O_RDONLY | constants.O_DIRECT);
  } catch (error) {
    if (isErrno(error, 'EINVAL')) return undefined;
    throw error;
  }
  let isUsable = true;
  const readPiece = async (offset: number, length: number): Promise<Buffer> => {
    const piece = alignedBuffer(length);
    try {
      const { bytesRead } = await readLater(fd, piece, 0, length, offset);
      isUsable = bytesRead === length;
    } catch (error) {
      if (!isErrno(error, 'EINVAL')) throw error;
      isUsable = false;
    }
    return isUsable ? piece : piece.subarray(0, 0);
  };
  return {
    read: (offset, length) =>
      isUsable && offset % ALIGNMENT === 0 && length % ALIGNMENT === 0 ? readPiece(offset, length) : undefined,
    [Symbol.dispose]: () => closeSync(fd),
  };
}

function alignedBuffer(length: number): Buffer {
  const memory = new ArrayBuffer(length + ALIGNMENT);
  const beyond = Number(addressOf(memory) % BigInt(ALIGNMENT));
  const buffer = Buffer.from(memory, beyond === 0 ? 0 : ALIGNMENT - beyond, length);
  markWhole(buffer);
  return buffer;
}
