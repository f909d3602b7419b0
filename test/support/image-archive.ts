import { createCipheriv, createHash } from 'node:crypto';
import { open, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { sha256 } from '#lib/sha256.ts';
import { tarHeader, type TarHeader } from '#lib/tar/header.ts';
import { readTar } from '#lib/tar/read-tar.ts';
import { TAR_END, tarEntry, tarPadding } from '#lib/tar/writer.ts';
import { busyboxTar } from './base-image.ts';

/** Paths without leading slash, with kind, mode, owner, and content or target of each. */
export type Tree = ReadonlyMap<string, string>;

/** An image of busybox and of layers with made-up files. */
export interface ImageShape {
  /** Name with tag. */
  name: string;
  /** The same seed gives the same files. */
  seed: number;
  /** Bytes of each layer above busybox. */
  layers: readonly number[];
  /** Another revision differs in a few files of the last layer. */
  revision?: number;
}

export interface ImageArchive {
  name: string;
  /** Where the archive lies, in the form of `docker save`. */
  path: string;
  /** What containers of it see. */
  tree: Tree;
  diffIds: string[];
}

/** Writes an archive of such an image into a folder. */
export async function makeImageArchive(folder: string, shape: ImageShape): Promise<ImageArchive> {
  const base = await readFile(await busyboxTar());
  const tree = new Map(await readTree(chunksOf(base)));
  const tars: Buffer[] = [base];
  for (const [index, bytes] of shape.layers.entries()) tars.push(makeLayer(tree, { shape, index, bytes }));
  const diffIds = tars.map(sha256);
  const config = JSON.stringify({
    architecture: { x64: 'amd64' }[process.arch as string] ?? process.arch,
    os: 'linux',
    config: { Cmd: ['sh'], Env: ['PATH=/usr/sbin:/usr/bin:/sbin:/bin'], Labels: { revision: String(shape.revision) } },
    rootfs: { type: 'layers', diff_ids: diffIds },
    history: diffIds.map((_, index) => ({ created_by: `layer ${index}` })),
  });
  const Layers = tars.map((_, index) => `${index}/layer.tar`);
  const manifest = JSON.stringify([{ Config: 'config.json', RepoTags: [shape.name], Layers }]);
  const path = join(folder, `${shape.name.replaceAll(/\W/g, '-')}.tar`);
  await using file = await open(path, 'w');
  const pieces = [
    ...tars.map((tar, index) => ({ name: Layers[index] ?? '', content: tar })),
    { name: 'config.json', content: Buffer.from(config) },
    { name: 'manifest.json', content: Buffer.from(manifest) },
  ];
  for (const { name, content } of pieces) await file.write(fileEntry({ name }, content));
  await file.write(TAR_END);
  return { name: shape.name, path, tree, diffIds };
}

/** The tree that a tar of a whole file system describes. */
export async function readTree(tar: AsyncIterable<Uint8Array>): Promise<Map<string, string>> {
  const tree = new Map<string, string>();
  for await (const { header, content } of readTar(tar)) {
    const hash = createHash('sha256');
    for await (const piece of content) hash.update(piece);
    const path = cleanPath(header.name);
    if (header.kind === 'link') tree.set(path, tree.get(cleanPath(header.linkName)) ?? 'a link to nothing');
    else tree.set(path, lineOf(header, hash.digest('hex')));
  }
  tree.delete(''); // exports leave the root out
  return tree;
}

/** What is different in a tree from what it should be; files that an engine makes for its containers do not count. */
export function treeDifferences(tree: Tree, expected: Tree): string[] {
  const found: string[] = [];
  for (const [path, line] of expected) {
    const seen = tree.get(path);
    if (seen !== line) found.push(`${path}: ${seen ?? 'missing'} instead of ${line}`);
  }
  for (const path of tree.keys()) if (!expected.has(path) && !MADE_BY_ENGINES.test(path)) found.push(`${path} is new`);
  return found;
}

const MADE_BY_ENGINES = /^(?:\.dockerenv|(?:dev|proc|sys)(?:\/.*)?|etc\/(?:hosts|hostname|resolv\.conf|mtab)|)$/;

function lineOf({ kind, mode, uid, gid, size, linkName, mtimeNs }: TarHeader, digest: string): string {
  const attributes = `${kind} ${mode.toString(8)} ${uid}:${gid}`;
  if (kind === 'file') return `${attributes} ${size} ${digest} ${mtimeNs}`;
  return kind === 'symlink' ? `symlink ${linkName}` : attributes;
}

function cleanPath(name: string): string {
  return name
    .replace(/^(?:\.?\/)+/, '')
    .replace(/\/+$/, '')
    .replace(/^\.$/, '');
}

interface LayerOf {
  shape: ImageShape;
  index: number;
  bytes: number;
}

/** A layer of folders, small and large files and links, that also deletes and links what lies below. Changes the tree as it does. */
function makeLayer(tree: Map<string, string>, { shape, index, bytes }: LayerOf): Buffer {
  const pieces: Buffer[] = [];
  const top = `l${index}`;
  const isLast = index === shape.layers.length - 1;
  const add = (
    fields: Partial<TarHeader> & Pick<TarHeader, 'name' | 'kind'>,
    content: Buffer = Buffer.alloc(0),
  ): void => {
    const header = tarHeader({ mtimeNs: 1_700_000_000_000_000_000n, ...fields, size: content.length });
    pieces.push(fileEntry(header, content));
    if (fields.kind === 'link') tree.set(cleanPath(fields.name), tree.get(fields.linkName ?? '') ?? '');
    else tree.set(cleanPath(fields.name), lineOf(header, sha256(content).slice(7)));
  };
  add({ name: `${top}/`, kind: 'directory', mode: 0o750, uid: 7 });
  for (let file = 0, left = bytes; left > 0; file++) {
    const size = Math.min(left, sizeOf(file));
    const folder = `${top}/d${file % 9}`;
    // Every third folder has no entry of its own.
    if (file < 9 && file % 3 !== 0) add({ name: `${folder}/`, kind: 'directory' });
    else if (file < 9) tree.set(folder, 'directory 755 0:0');
    const isChanged = isLast && file % 11 === 3;
    add(
      { name: `${folder}/f${file}`, kind: 'file', mode: file % 5 === 0 ? 0o4755 : 0o644, uid: file % 3 },
      noise(`${shape.seed}/${index}/${file}/${isChanged ? (shape.revision ?? 0) : 0}`, size),
    );
    left -= size;
  }
  add({ name: `${top}/link`, kind: 'symlink', linkName: 'd0/f0', mode: 0o777 });
  add({ name: `${top}/same`, kind: 'link', linkName: `${top}/d0/f0` });
  if (index > 0) {
    add({ name: `${top}/lower`, kind: 'link', linkName: `l${index - 1}/d1/f1` });
    pieces.push(fileEntry({ name: `l${index - 1}/.wh.link` }, Buffer.alloc(0)));
    tree.delete(`l${index - 1}/link`);
  }
  return Buffer.concat([...pieces, TAR_END]);
}

/** Most files are small, most bytes are in large ones. */
function sizeOf(file: number): number {
  return [1, 500, 4096, 20_000, 3000, 100_001, 700, 1_000_000, 65_536, 4_000_000][file % 10] ?? 1;
}

function noise(key: string, size: number): Buffer {
  const digest = createHash('sha256').update(key).digest();
  return createCipheriv('aes-128-ctr', digest.subarray(0, 16), digest.subarray(16)).update(Buffer.alloc(size));
}

function fileEntry(fields: Partial<TarHeader> & { name: string }, content: Buffer): Buffer {
  const header = tarHeader({ kind: 'file', ...fields, size: content.length });
  return Buffer.concat([tarEntry(header), content, tarPadding(content.length)]);
}

async function* chunksOf(bytes: Buffer): AsyncGenerator<Buffer> {
  yield bytes;
}
