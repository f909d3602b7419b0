import { createHash, randomBytes } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, open, readFile, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { InvalidArgumentError, NotFoundError } from '#lib/errors.ts';
import { fileError, isErrno } from '#lib/files/file-error.ts';
import { writeAtomic } from '#lib/files/write-atomic.ts';
import type { Descriptor } from '#oci/descriptor.ts';
import { hexOf, isDigest } from '#oci/digest.ts';
import { MEDIA_TYPES } from '#oci/media-type.ts';
import type { ClientStore } from './cache-spec.ts';

const NAME = 'org.opencontainers.image.ref.name';

/** A folder of this host as an OCI image layout, as BuildKit's clients keep a local cache (OCI image-spec, image-layout.md). */
export function folderStore(folder: string): ClientStore {
  const blobs = join(folder, 'blobs', 'sha256');
  const pathOf = (digest: string): string => {
    if (!isDigest(digest)) throw new InvalidArgumentError(`${JSON.stringify(digest)} is no digest`);
    return join(blobs, hexOf(digest));
  };
  return {
    async root(name) {
      const digest = isDigest(name) ? name : (await readIndex(folder)).find((root) => nameOf(root) === name)?.digest;
      if (digest === undefined) return undefined;
      return readFile(pathOf(digest)).catch((error: unknown) => {
        if (isErrno(error, 'ENOENT')) return undefined;
        throw fileError(error, pathOf(digest));
      });
    },
    read: (digest) => readBlob(pathOf(digest), digest),
    has: async (digest) => (await stat(pathOf(digest)).catch(() => undefined)) !== undefined,
    async write(blob, bytes) {
      await mkdir(blobs, { recursive: true });
      await writeVerified(pathOf(blob.digest), blob, bytes);
    },
    async tag(name, root) {
      await writeAtomic(join(folder, 'oci-layout'), JSON.stringify({ imageLayoutVersion: '1.0.0' }));
      const others = (await readIndex(folder)).filter((other) => nameOf(other) !== name);
      const manifests = [...others, { ...root, annotations: { [NAME]: name } }];
      const index = { schemaVersion: 2, mediaType: MEDIA_TYPES.ociIndex, manifests };
      await writeAtomic(join(folder, 'index.json'), JSON.stringify(index));
    },
  };
}

function nameOf({ annotations }: Descriptor): string {
  return annotations?.[NAME] ?? 'latest';
}

async function readIndex(folder: string): Promise<Descriptor[]> {
  const path = join(folder, 'index.json');
  try {
    const { manifests } = JSON.parse(await readFile(path, 'utf8')) as { manifests?: Descriptor[] };
    return Array.isArray(manifests) ? manifests : [];
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return [];
    if (error instanceof SyntaxError) throw new InvalidArgumentError(`${path} is no JSON`, { cause: error });
    throw fileError(error, path);
  }
}

async function* readBlob(path: string, digest: string): AsyncGenerator<Uint8Array> {
  try {
    yield* createReadStream(path, { highWaterMark: 1024 * 1024 });
  } catch (error) {
    if (isErrno(error, 'ENOENT')) throw new NotFoundError(`no such blob: ${digest}`);
    throw fileError(error, path);
  }
}

async function writeVerified(
  path: string,
  { digest, size }: { digest: string; size: number },
  bytes: AsyncIterable<Uint8Array>,
): Promise<void> {
  const temporary = `${path}.${randomBytes(4).toString('hex')}.tmp`;
  const hash = createHash('sha256');
  let length = 0;
  try {
    await using file = await open(temporary, 'wx', 0o644);
    for await (const chunk of bytes) {
      hash.update(chunk);
      length += chunk.byteLength;
      await file.writeFile(chunk);
    }
    await file.datasync();
    if (length !== size || `sha256:${hash.digest('hex')}` !== digest)
      throw new InvalidArgumentError(`blob ${digest} is not what its name says`);
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw fileError(error, path);
  }
}
