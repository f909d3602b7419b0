import { gzipSync, zstdCompressSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { tarHeader } from '#lib/tar/header.ts';
import { TAR_END, tarEntry } from '#lib/tar/writer.ts';
import { looksLikeLayer } from './looks-like-layer.ts';

const tar = tarEntry(tarHeader({ name: 'etc/', kind: 'directory' }));

test('tars, empty ones too, and what is compressed are layers', () => {
  for (const layer of [tar, TAR_END, gzipSync(tar), zstdCompressSync(tar)]) expect(looksLikeLayer(layer)).toBe(true);
});

test('the sum of bytes with a sign, as old programs made it, counts as well', () => {
  const old = Buffer.from(tar);
  old.write('é', 0, 'latin1');
  const sum = old.reduce((all, byte, at) => all + (at >= 148 && at < 156 ? 0x20 : byte > 127 ? byte - 256 : byte), 0);
  old.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
  expect(looksLikeLayer(old)).toBe(true);
});

test('documents are none, whatever their length', () => {
  const long = Buffer.from(JSON.stringify({ text: 'x'.repeat(5000) }));
  for (const document of [Buffer.alloc(0), Buffer.from('{}'), long, Buffer.alloc(100)])
    expect(looksLikeLayer(document)).toBe(false);
});
