import { execFileSync } from 'node:child_process';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { expect } from 'vitest';
import { tarOf, viewed } from '#engine/snapshots/conformance.ts';
import { sha256 } from '#lib/sha256.ts';
import type { TestStore } from './test-store.ts';

export const layer = tarOf({ name: 'etc/' }, { name: 'etc/motd', content: 'hello' });
export const second = tarOf(
  { name: 'etc/.wh.motd' },
  { name: 'opt/', mode: 0o700 },
  { name: 'opt/tool', content: 'tool' },
);

/** A tar of files that hold bytes, and of links. */
export function archiveOf(files: Record<string, Buffer | string | { to: string }>): Buffer {
  const pieces: Buffer[] = [];
  for (const [name, what] of Object.entries(files)) {
    if (typeof what === 'object' && 'to' in what) {
      pieces.push(tarOf({ name, kind: 'symlink', linkName: what.to }).subarray(0, -1024));
      continue;
    }
    const bytes = Buffer.from(what as string);
    const blank = tarOf({ name, content: 'x'.repeat(bytes.length) }).subarray(0, -1024);
    bytes.copy(blank, blank.length - Math.ceil(bytes.length / 512) * 512);
    blank.fill(0, blank.length - Math.ceil(bytes.length / 512) * 512 + bytes.length);
    pieces.push(blank);
  }
  return Buffer.concat([...pieces, Buffer.alloc(1024)]);
}

export function configOf(...layers: Buffer[]): string {
  return JSON.stringify({
    architecture: 'amd64',
    os: 'linux',
    created: '2024-01-02T03:04:05Z',
    config: { Cmd: ['/opt/tool'], Labels: { maker: 'us' } },
    rootfs: { type: 'layers', diff_ids: layers.map(sha256) },
    history: layers.map((_, index) => ({ created_by: `step ${index}`, created: '2024-01-02T03:04:05Z' })),
    'unknown field': 'kept',
  });
}

/** Of an image of both layers. */
export const config = configOf(layer, second);
export const manifestJson = (layers: string[]): string =>
  JSON.stringify([{ Config: 'config.json', RepoTags: ['x:1', 'registry.example:5000/team/y:2'], Layers: layers }]);

export const forms: Record<string, Buffer> = {
  'docker save': archiveOf({
    'config.json': config,
    'a/layer.tar': layer,
    'b/layer.tar': second,
    'manifest.json': manifestJson(['a/layer.tar', 'b/layer.tar']),
  }),
  'docker save with gzip and zstd inside': archiveOf({
    'config.json': config,
    'a/layer.tar': gzipSync(layer),
    'b/layer.tar': zstdCompressSync(second),
    'manifest.json': manifestJson(['a/layer.tar', 'b/layer.tar']),
  }),
  'podman with legacy links': archiveOf({
    'manifest.json': manifestJson(['one.tar', 'legacy/b/layer.tar']),
    'legacy/b/layer.tar': { to: '../../two.tar' },
    'one.tar': layer,
    'two.tar': second,
    'config.json': config,
  }),
  'docker save in gzip': gzipSync(
    archiveOf({
      'config.json': config,
      'a/layer.tar': layer,
      'b/layer.tar': second,
      'manifest.json': manifestJson(['a/layer.tar', 'b/layer.tar']),
    }),
  ),
};
forms['docker save in xz'] = execFileSync('xz', ['-c'], { input: forms['docker save'] });
forms['docker save in bzip2'] = execFileSync('bzip2', ['-c'], { input: forms['docker save'] });

export async function check(store: TestStore): Promise<void> {
  const image = await store.images.get('x:1');
  expect(image.id).toBe(sha256(config));
  expect(image.size).toBe(9);
  await viewed(store.images.context.snapshots, image.top ?? '', async (path) => {
    expect(await readdir(join(path, 'etc'))).toEqual([]);
    expect(await readFile(join(path, 'opt/tool'), 'utf8')).toBe('tool');
  });
}

export async function collect(source: AsyncIterable<Uint8Array>): Promise<Buffer> {
  return Buffer.concat(await Array.fromAsync(source));
}
