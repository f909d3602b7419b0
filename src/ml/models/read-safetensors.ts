import { takeNumber, textOf } from './bytes.ts';
import type { ModelReader } from './read-source.ts';

const MAX_HEADER_BYTES = 16 * 1024 * 1024;

/** safetensors: the length of a JSON header in 8 bytes, the header, the tensors. */
export const readSafetensors: ModelReader = async (source) => {
  if (!source.path.endsWith('.safetensors')) return undefined;
  const reader = source.open();
  if (source.bytes < 8) return { format: 'safetensors', problem: 'the file is too short' };
  const length = await takeNumber(reader, 8);
  if (length > MAX_HEADER_BYTES || 8 + length > source.bytes)
    return { format: 'safetensors', problem: 'its header does not fit into the file: it is cut off, or no such file' };
  const header = parse(textOf(await reader.take(length)));
  if (header === undefined) return { format: 'safetensors', problem: 'its header is no JSON' };
  const { __metadata__: metadata, ...tensors } = header;
  const types = new Set(Object.values(tensors).map((tensor) => String((tensor as { dtype?: unknown } | null)?.dtype)));
  const made = (metadata ?? {}) as Record<string, unknown>;
  const writer = made['format'] === 'pt' ? 'torch' : made['format'] === 'tf' ? 'tensorflow' : made['format'] === 'flax' ? 'jax' : undefined; // prettier-ignore
  return {
    format: 'safetensors',
    framework: writer === undefined ? undefined : { name: writer, version: null },
    details: { tensors: Object.keys(tensors).length, types: [...types].toSorted().join(' ') },
  };
};

function parse(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}
