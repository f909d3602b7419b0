import { closeSync, openSync } from 'node:fs';
import { setImmediate } from 'node:timers/promises';
import { readExactly } from '../layer-file.ts';
import type { SharedFiles } from './content-finder.ts';
import { createMatcher } from './create-matcher.ts';
import type { StoredFile } from './stored-files.ts';

const CHUNK_BYTES = 1024 * 1024;

/** Compares files of a layer with what seems to be equal to them. @param path of the layer's file. @returns those that are */
export async function measureShared(path: string, shared: SharedFiles): Promise<StoredFile[]> {
  const equal: StoredFile[] = [];
  using matcher = createMatcher(shared, { slowestBytesPerSecond: 0 });
  const fd = openSync(path, 'r');
  try {
    for (const file of shared.own) {
      const match = matcher.begin(file.path, file.bytes);
      let isEqual = match !== undefined;
      for (let at = 0; isEqual && at < file.bytes; at += CHUNK_BYTES) {
        isEqual = match?.compare(readExactly(fd, file.offset + at, Math.min(CHUNK_BYTES, file.bytes - at))) === true;
        await setImmediate();
      }
      if (isEqual) equal.push(file);
    }
  } finally {
    closeSync(fd);
  }
  return equal;
}
