import { type ByteReader, EndOfFile, takeNumber, textOf } from './bytes.ts';
import { type ModelReader, startsWith } from './read-source.ts';

const MAX_PAIRS = 1000;
const MAX_TEXT_BYTES = 1024;
/** Bytes of the value types 0 to 12; 8 is a text, 9 a list. */
const VALUE_BYTES = [1, 1, 2, 2, 4, 4, 4, 1, 0, 0, 8, 8, 8] as const;

/** GGUF (the format of llama.cpp, version 2 and 3): architecture, name and kind of quantisation. */
export const readGguf: ModelReader = async (source) => {
  if (!startsWith(source.head, 'GGUF')) return undefined;
  const reader = source.open();
  const details: Record<string, string | number> = {};
  let problem: string | undefined;
  try {
    reader.seek(4);
    details['version'] = await takeNumber(reader, 4);
    details['tensors'] = await takeNumber(reader, 8);
    const pairs = await takeNumber(reader, 8);
    for (let index = 0; index < Math.min(pairs, MAX_PAIRS); index++) await readPair(reader, details);
  } catch (error) {
    if (!(error instanceof EndOfFile)) throw error;
    problem = error.message;
  }
  return { format: 'gguf', framework: { name: 'llama.cpp', version: null }, details, problem };
};

const KEPT = new Set(['general.architecture', 'general.name', 'general.file_type', 'general.size_label']);

async function readPair(reader: ByteReader, details: Record<string, string | number>): Promise<void> {
  const key = await readText(reader);
  const type = await takeNumber(reader, 4);
  const value = await readValue(reader, type);
  if (value !== undefined && (KEPT.has(key) || key.endsWith('.context_length'))) details[key] = value;
}

async function readValue(reader: ByteReader, type: number): Promise<string | number | undefined> {
  if (type === 8) return readText(reader);
  if (type === 9) return skipList(reader);
  const bytes = VALUE_BYTES[type];
  if (bytes === undefined || bytes === 0) throw new EndOfFile(`a value of the unknown type ${type}`);
  if (type === 6 || type === 12) {
    reader.seek(reader.position + bytes);
    return undefined;
  }
  return takeNumber(reader, bytes);
}

async function skipList(reader: ByteReader): Promise<undefined> {
  const type = await takeNumber(reader, 4);
  const count = await takeNumber(reader, 8);
  const bytes = VALUE_BYTES[type];
  if (bytes === undefined || type === 9) throw new EndOfFile(`a list of the unknown type ${type}`);
  if (type !== 8) reader.seek(reader.position + bytes * count);
  else for (let index = 0; index < count; index++) reader.seek(await endOfText(reader));
}

async function endOfText(reader: ByteReader): Promise<number> {
  const length = await takeNumber(reader, 8);
  return reader.position + length;
}

async function readText(reader: ByteReader): Promise<string> {
  const end = await endOfText(reader);
  const text = textOf(await reader.take(Math.min(end - reader.position, MAX_TEXT_BYTES)));
  reader.seek(end);
  return text;
}
