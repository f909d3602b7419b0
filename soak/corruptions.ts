import { execFileSync } from 'node:child_process';
import { copyFileSync, cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, truncateSync, utimesSync, writeFileSync } from 'node:fs'; // prettier-ignore
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { FsckKind } from '#api/fsck.ts';
import { DATA_OFFSET, type Extent, type LayerHeader } from '#engine/layers/format.ts';
import { readLayerFile } from '#engine/layers/layer-file.ts';
import type { TestEngine } from '../test/support/engine.ts';
import type { ImageArchive } from '../test/support/image-archive.ts';

/** What there is to be damaged: two revisions of an image, of which the second shares most of its last layer with the first; a built image; a container. */
export interface Subject {
  engine: TestEngine;
  first: ImageArchive;
  second: ImageArchive;
  /** An older copy of engine.db, from before `second` was loaded. */
  olderDatabase: string;
  random: () => number;
  /** Undoes what is outside of the data root. */
  cleanup: (() => void)[];
}

/** One way in which a store can be damaged. */
export interface Corruption {
  /** Whether the engine runs while it happens. */
  isLive?: boolean;
  /** What a check says of it, one of these at least; empty where the engine mends it by itself when it starts. */
  kinds: readonly FsckKind[];
  /** Whether a fast check sees it, too. */
  isFastSeen?: boolean;
  /** The engine does not start; its message must fit this, and it starts again once the database is taken away. */
  refusal?: RegExp;
  damage(subject: Subject): void;
}

/** Files of a layer, with what its header says. */
function layerOf(
  { engine }: Subject,
  diffId: string | undefined,
): { path: string; header: LayerHeader; extents: readonly Extent[] } {
  // prettier-ignore
  const rows = query(engine, 'SELECT file FROM layers WHERE diff_id = ?', diffId ?? '');
  const path = join(engine.dataRoot, 'layers', String(rows[0]?.['file']));
  const { header, trailer } = readLayerFile(path);
  return { path, header, extents: trailer.extents };
}

const topOf = (subject: Subject, archive: ImageArchive): ReturnType<typeof layerOf> => layerOf(subject, archive.diffIds.at(-1)); // prettier-ignore

function query(engine: TestEngine, sql: string, ...values: string[]): Record<string, unknown>[] {
  using database = new DatabaseSync(join(engine.dataRoot, 'engine.db'));
  return database.prepare(sql).all(...values);
}

function change(engine: TestEngine, ...statements: string[]): void {
  using database = new DatabaseSync(join(engine.dataRoot, 'engine.db'));
  database.exec('PRAGMA foreign_keys=OFF');
  for (const sql of statements) database.exec(sql);
}

function flip(path: string, offset: number, bytes = 1): void {
  const content = readFileSync(path);
  for (let at = offset; at < offset + bytes; at++) content[at] = (content[at] ?? 0) ^ 0x40;
  writeInPlace(path, content.subarray(offset, offset + bytes), offset);
}

/** As a disk does it: the file stays the same one. */
function writeInPlace(path: string, bytes: Buffer, offset: number): void {
  execFileSync('dd', [`of=${path}`, 'bs=64k', `seek=${offset}`, 'oflag=seek_bytes', 'conv=notrunc', 'status=none'], {
    input: bytes,
  });
}

/** A place inside the tar, somewhere in its middle. */
function inside({ random }: Subject, { tarBytes }: LayerHeader): number {
  return DATA_OFFSET + Math.floor(tarBytes * (0.2 + 0.6 * random()));
}

function blobOf({ engine }: Subject, column: 'id' | 'manifest', archive: ImageArchive): string {
  const rows = query(
    engine,
    'SELECT id, manifest FROM images WHERE id IN (SELECT image FROM tags WHERE name LIKE ?)',
    `%${archive.name}`,
  );
  const value = String(rows[0]?.[column]);
  const digest = column === 'id' ? value : (JSON.parse(value) as { digest: string }).digest;
  return join(engine.dataRoot, 'content/blobs/sha256', digest.slice(7));
}

function folderOf({ engine }: Subject, where: string): string {
  const [row] = query(engine, `SELECT directory FROM snapshots WHERE ${where} LIMIT 1`);
  return join(engine.dataRoot, 'snapshots', String(row?.['directory']));
}

const LOST: readonly FsckKind[] = ['layer-content', 'layer-file', 'layer-donor', 'layer-state', 'image-layer'];

/** All of them, by name. */
export const CORRUPTIONS: Readonly<Record<string, Corruption>> = {
  'a bit of a file': {
    kinds: ['layer-content'],
    damage(subject) {
      const { path, header } = topOf(subject, subject.first);
      flip(path, inside(subject, header));
    },
  },
  'a bit of a file while the engine runs': {
    isLive: true,
    kinds: ['layer-content'],
    damage(subject) {
      const { path, header } = topOf(subject, subject.first);
      flip(path, inside(subject, header));
    },
  },
  'a header of the tar': {
    kinds: ['layer-content'],
    damage: (subject) => flip(topOf(subject, subject.first).path, DATA_OFFSET + 3, 4),
  },
  'a page of zeros in a file': {
    kinds: ['layer-content'],
    damage(subject) {
      const { path, header } = topOf(subject, subject.first);
      writeInPlace(path, Buffer.alloc(4096), Math.floor(inside(subject, header) / 4096) * 4096);
    },
  },
  'a page of zeros in the index': {
    kinds: ['layer-index'],
    isFastSeen: true,
    damage(subject) {
      const { path, header } = topOf(subject, subject.first);
      writeInPlace(path, Buffer.alloc(4096), header.metaOffset);
    },
  },
  'a bit of the index': {
    kinds: ['layer-index'],
    isFastSeen: true,
    damage(subject) {
      const { path, header } = topOf(subject, subject.first);
      flip(path, header.metaOffset + Math.floor(header.metaBytes * subject.random()));
    },
  },
  'a bit of the index while the engine runs': {
    isLive: true,
    kinds: ['layer-index'],
    isFastSeen: true,
    damage(subject) {
      const { path, header } = topOf(subject, subject.first);
      flip(path, header.metaOffset + Math.floor(header.metaBytes * subject.random()));
    },
  },
  'the superblock': {
    kinds: ['layer-index'],
    isFastSeen: true,
    damage: (subject) => flip(topOf(subject, subject.first).path, 1024 + 40),
  },
  "the file's own header": {
    kinds: ['layer-index', ...LOST],
    isFastSeen: true,
    damage: (subject) => flip(topOf(subject, subject.first).path, 20),
  },
  'the whole first page': {
    kinds: ['layer-index', ...LOST],
    isFastSeen: true,
    damage: (subject) => writeInPlace(topOf(subject, subject.first).path, Buffer.alloc(4096), 0),
  },
  'the trailer': {
    kinds: ['layer-index'],
    isFastSeen: true,
    damage(subject) {
      const { path, header } = topOf(subject, subject.first);
      flip(path, header.trailerOffset + 12);
    },
  },
  'the trailer of a layer with donors': {
    kinds: LOST,
    isFastSeen: true,
    damage(subject) {
      const { path, header } = topOf(subject, subject.second);
      flip(path, header.trailerOffset + 12);
    },
  },
  'half of the file': {
    kinds: LOST,
    isFastSeen: true,
    damage(subject) {
      const { path } = topOf(subject, subject.first);
      truncateSync(path, Math.floor(statSync(path).size / 2));
    },
  },
  'the last page of the file': {
    kinds: ['layer-index', ...LOST],
    isFastSeen: true,
    damage(subject) {
      const { path } = topOf(subject, subject.first);
      truncateSync(path, statSync(path).size - 4096);
    },
  },
  'all bytes of the file': {
    kinds: LOST,
    isFastSeen: true,
    damage: (subject) => truncateSync(topOf(subject, subject.first).path, 0),
  },
  'more bytes than there should be': {
    kinds: ['layer-index', ...LOST],
    isFastSeen: true,
    damage(subject) {
      const { path } = topOf(subject, subject.first);
      truncateSync(path, statSync(path).size + 8192);
    },
  },
  'the file': { kinds: LOST, isFastSeen: true, damage: (subject) => rmSync(topOf(subject, subject.first).path) },
  'the file while the engine runs': {
    isLive: true,
    kinds: LOST,
    isFastSeen: true,
    damage: (subject) => rmSync(topOf(subject, subject.first).path),
  },
  'what had not come to the disk when the power was cut': {
    kinds: LOST,
    damage(subject) {
      const { path, header } = topOf(subject, subject.first);
      const diffId = subject.first.diffIds.at(-1) ?? '';
      change(subject.engine, `UPDATE layers SET state = 'settling', witness = 'before' WHERE diff_id = '${diffId}'`);
      writeInPlace(path, Buffer.alloc(4096), Math.floor(inside(subject, header) / 4096) * 4096);
    },
  },
  'the file of the lowest layer': {
    kinds: LOST,
    isFastSeen: true,
    damage: (subject) => rmSync(layerOf(subject, subject.first.diffIds[0]).path),
  },
  'the file of another layer in its place': {
    kinds: LOST,
    isFastSeen: true,
    damage(subject) {
      copyFileSync(layerOf(subject, subject.first.diffIds[0]).path, topOf(subject, subject.first).path);
    },
  },
  'content that only the second revision has': {
    kinds: ['layer-content'],
    damage(subject) {
      const { path, header } = topOf(subject, subject.second);
      flip(path, DATA_OFFSET + Math.floor(header.dataBytes / 2));
    },
  },
  'content that the second revision has from the first': {
    kinds: ['layer-donor', 'layer-content'],
    damage(subject) {
      const shared = topOf(subject, subject.second).extents.find(({ device, length }) => device > 0 && length > 65_000);
      flip(topOf(subject, subject.first).path, (shared?.offset ?? DATA_OFFSET) + 1000);
    },
  },
  'a manifest': { kinds: ['image-document'], damage: (subject) => rmSync(blobOf(subject, 'manifest', subject.first)) },
  'a config': { kinds: [], damage: (subject) => rmSync(blobOf(subject, 'id', subject.first)) },
  'a config while the engine runs': {
    isLive: true,
    kinds: ['image-document'],
    isFastSeen: true,
    damage: (subject) => rmSync(blobOf(subject, 'id', subject.first)),
  },
  'a bit of a config': {
    isLive: true,
    kinds: ['image-document'],
    isFastSeen: true,
    damage: (subject) => flip(blobOf(subject, 'id', subject.first), 60),
  },
  'all bytes of a manifest': {
    isLive: true,
    kinds: ['image-document'],
    isFastSeen: true,
    damage: (subject) => truncateSync(blobOf(subject, 'manifest', subject.first), 0),
  },
  'an older copy of the database': { kinds: [], damage: ({ engine, olderDatabase }) => putDatabase(engine, olderDatabase) }, // prettier-ignore
  'no database': { kinds: [], damage: ({ engine }) => putDatabase(engine, undefined) },
  'older files under a newer database': {
    kinds: [],
    damage(subject) {
      rmSync(topOf(subject, subject.second).path);
      rmSync(blobOf(subject, 'manifest', subject.second));
      rmSync(blobOf(subject, 'id', subject.second));
    },
  },
  'the database itself': {
    kinds: ['database'],
    refusal: /database|malformed|SQLITE/i,
    damage({ engine }) {
      const path = join(engine.dataRoot, 'engine.db');
      for (let page = 1; page < statSync(path).size / 4096; page += 2) writeInPlace(path, Buffer.alloc(4096, 0xa5), page * 4096); // prettier-ignore
    },
  },
  'the folder of a built layer': {
    kinds: [],
    damage: (subject) => rmSync(folderOf(subject, "form = 'directory' AND kind = 'committed'"), { recursive: true }),
  },
  'a file of a built layer': {
    isLive: true,
    kinds: ['snapshot'],
    damage: (subject) => writeFileSync(join(folderOf(subject, "form = 'directory' AND kind = 'committed' AND diff_id IS NOT NULL"), 'fs/added'), 'x'), // prettier-ignore
  },
  'the files of a container': {
    isLive: true,
    kinds: ['snapshot'],
    isFastSeen: true,
    damage: (subject) => rmSync(folderOf(subject, "kind = 'active'"), { recursive: true }),
  },
  'a step of the build cache': {
    isLive: true,
    kinds: ['build-step'],
    isFastSeen: true,
    damage: ({ engine }) => change(engine, "UPDATE build_steps SET snapshot = 'nowhere' WHERE key IN (SELECT key FROM build_steps WHERE snapshot <> '' LIMIT 1)"), // prettier-ignore
  },
  'a name of an image that is not there': {
    isLive: true,
    kinds: ['database'],
    isFastSeen: true,
    damage: ({ engine }) => change(engine, "INSERT INTO tags (name, image, updated) VALUES ('docker.io/library/ghost:1', 'sha256:0', 1)"), // prettier-ignore
  },
  'a layer file without a record': {
    isLive: true,
    kinds: ['leftover'],
    isFastSeen: true,
    damage: ({ engine }) => writeFileSync(join(engine.dataRoot, 'layers/stray'), 'x'.repeat(10_000)),
  },
  'a snapshot folder without a record': {
    isLive: true,
    kinds: ['leftover'],
    isFastSeen: true,
    damage: ({ engine }) => mkdirSync(join(engine.dataRoot, 'snapshots/stray/fs'), { recursive: true }),
  },
  'something half-done': {
    isLive: true,
    kinds: ['leftover'],
    isFastSeen: true,
    damage({ engine }) {
      const path = join(engine.dataRoot, 'layers/.new/old');
      writeFileSync(path, 'x'.repeat(10_000));
      utimesSync(path, 1_700_000_000, 1_700_000_000);
    },
  },
  'a mount that nothing uses': {
    isLive: true,
    kinds: ['mount'],
    isFastSeen: true,
    damage({ engine }) {
      const path = join(engine.dataRoot, 'layers/mnt/stray');
      mkdirSync(path, { recursive: true });
      execFileSync('mount', ['-t', 'tmpfs', 'none', path]);
    },
  },
  'a loop device that nothing uses': {
    isLive: true,
    kinds: ['mount'],
    isFastSeen: true,
    damage(subject) {
      const device = execFileSync('losetup', ['--find', '--show', topOf(subject, subject.first).path], { encoding: 'utf8' }); // prettier-ignore
      subject.cleanup.push(() => execFileSync('losetup', ['--detach', device.trim()]));
    },
  },
};

/** Puts another copy in the place of the database; none if `from` is undefined. */
export function putDatabase(engine: TestEngine, from: string | undefined): void {
  for (const end of ['', '-wal', '-shm']) {
    rmSync(join(engine.dataRoot, `engine.db${end}`), { force: true });
    if (from !== undefined && existsSync(`${from}${end}`))
      copyFileSync(`${from}${end}`, join(engine.dataRoot, `engine.db${end}`));
  }
}

/** Copies the database of an engine that does not run. */
export function copyDatabase(engine: TestEngine, to: string): void {
  for (const name of readdirSync(engine.dataRoot))
    if (name.startsWith('engine.db')) cpSync(join(engine.dataRoot, name), to + name.slice('engine.db'.length));
}
