import { open, realpath, stat } from 'node:fs/promises';
import { basename } from 'node:path';
import type { FileTree } from '#ml/files.ts';

/** Names of files that hold a model by themselves. */
const MODEL =
  /\.(?:onnx|pkl|pickle|joblib|skops|pth?|torchscript|ts|safetensors|json|ubj|bst|model|txt|cbm|h5|keras|gguf|tflite)$/i;
/** Larger files are no texts. */
const MAX_TEXT_BYTES = 1024 * 1024;

/** A file that is served by itself, as a tree of its own; undefined if it is no such file. */
export async function openModelFile(path: string): Promise<{ name: string; tree: FileTree } | undefined> {
  const facts = await stat(path).catch(() => undefined);
  if (facts?.isFile() !== true || !MODEL.test(path)) return undefined;
  const place = await realpath(path);
  const name = basename(place);
  const bytes = async (start: number, length: number): Promise<Uint8Array> => {
    await using file = await open(place);
    const buffer = new Uint8Array(Math.max(0, Math.min(length, facts.size - start)));
    const { bytesRead } = await file.read(buffer, 0, buffer.length, start);
    return buffer.subarray(0, bytesRead);
  };
  const tree: FileTree = {
    files: [{ path: name, bytes: facts.size }],
    complete: true,
    read: async (wanted) =>
      wanted === name && facts.size <= MAX_TEXT_BYTES
        ? new TextDecoder().decode(await bytes(0, facts.size))
        : undefined,
    bytes: async (wanted, ...part) => (wanted === name ? bytes(...part) : undefined),
  };
  return { name, tree };
}
