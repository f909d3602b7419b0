import { zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import type { StepInput } from '../steps/step.ts';

/** Enough of a digest to see that a file changed. */
export const SHORT_DIGEST = 16;
/** Begins a text that is compressed. */
const COMPRESSED = 'zstd:';
const PLAIN_LENGTH = 16 * 1024;

interface InputJson {
  name: string;
  value: unknown;
  files?: Record<string, string>;
}

/** What a step depended on, as it is kept. */
export function formatInputs(inputs: readonly StepInput[]): string {
  return format(
    inputs.map(({ name, value, files }) => ({ name, value, ...(files !== undefined && { files: shorten(files) }) })),
  );
}

export function parseInputs(text: string): StepInput[] {
  return parse(text).map(({ name, value, files }) => ({
    name,
    value,
    ...(files !== undefined && { files: new Map(Object.entries(files)) }),
  }));
}

/** The same without lists of files. */
export function withoutFiles(text: string): string {
  const inputs = parse(text);
  return inputs.some(({ files }) => files !== undefined)
    ? format(inputs.map(({ name, value }) => ({ name, value })))
    : text;
}

function shorten(files: ReadonlyMap<string, string>): Record<string, string> {
  return Object.fromEntries([...files].map(([path, digest]) => [path, digest.slice(0, SHORT_DIGEST)]));
}

function format(inputs: readonly InputJson[]): string {
  const text = JSON.stringify(inputs);
  return text.length < PLAIN_LENGTH ? text : `${COMPRESSED}${zstdCompressSync(text).toString('base64')}`;
}

function parse(text: string): InputJson[] {
  const plain = text.startsWith(COMPRESSED)
    ? zstdDecompressSync(Buffer.from(text.slice(COMPRESSED.length), 'base64')).toString('utf8')
    : text;
  return JSON.parse(plain) as InputJson[];
}
