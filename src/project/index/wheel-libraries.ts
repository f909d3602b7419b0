import { inflateRawSync } from 'node:zlib';
import type { FileTree } from '#ml/files.ts';
import { readElf } from '#ml/plan/elf.ts';
import type { NativeFile } from '#ml/plan/native-libraries.ts';
import { contentStart, type ReadBytes, readZipDirectory, type ZipEntry } from './zip-directory.ts';

const MAX_WHEELS = 20;
const MAX_LIBRARIES = 200;
const MAX_LIBRARY_BYTES = 64 * 1024 * 1024;
const LIBRARY = /\.so(?:\.[\w.]+)?$/;

/** Shared libraries in the wheels that lie in a project: what they load is read of them, and nothing of them is loaded. */
export async function wheelLibraries(tree: FileTree): Promise<NativeFile[]> {
  const wheels = tree.files.filter(({ path }) => /linux[^/]*\.whl$/.test(path)).slice(0, MAX_WHEELS);
  const found: NativeFile[] = [];
  for (const { path, bytes } of wheels) found.push(...(await librariesOf(tree, path, bytes)));
  return found;
}

async function librariesOf(tree: FileTree, wheel: string, size: number): Promise<NativeFile[]> {
  const read: ReadBytes = async (start, length) => (await tree.bytes(wheel, start, length)) ?? new Uint8Array();
  try {
    const entries = (await readZipDirectory(read, size)).filter(({ name }) => LIBRARY.test(name));
    const found: NativeFile[] = [];
    for (const [index, entry] of entries.entries()) {
      const isRead = index < MAX_LIBRARIES && entry.bytes <= MAX_LIBRARY_BYTES;
      const dynamic = isRead ? readElf(await contentOf(read, entry)) : undefined;
      // What is not looked into is there all the same: nothing that loads it misses it.
      found.push({ wheel, name: entry.name, ...(dynamic ?? { soname: undefined, needed: [] }) });
    }
    return found;
  } catch {
    return []; // a file that only looks like a wheel says nothing; installing it will fail with a word of its own
  }
} // prettier-ignore

async function contentOf(read: ReadBytes, entry: ZipEntry): Promise<Uint8Array> {
  const content = await read(await contentStart(read, entry), entry.compressedBytes);
  return entry.method === 0 ? content : inflateRawSync(content, { maxOutputLength: MAX_LIBRARY_BYTES });
}
