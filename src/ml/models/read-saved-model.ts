import { type ByteReader, EndOfFile } from './bytes.ts';
import type { ModelReader } from './read-source.ts';
import { takeText, walkFields } from './wire-walk.ts';

/** TensorFlow's SavedModel (saved_model.proto): the version that wrote it and its tags; the graph is jumped over. */
export const readSavedModel: ModelReader = async (source) => {
  if (!/(^|\/)saved_model\.pb$/.test(source.path)) return undefined;
  const reader = source.open();
  const found: { version: string | null; tags: string[] } = { version: null, tags: [] };
  let problem: string | undefined;
  try {
    for await (const field of walkFields(reader, source.bytes))
      if (field.number === 2) await readGraphs(reader, reader.position + field.value, found);
  } catch (error) {
    if (!(error instanceof EndOfFile)) throw error;
    problem = error.message;
  }
  return {
    format: 'saved-model',
    framework: { name: 'tensorflow', version: found.version },
    details: { tags: found.tags.join(' ') },
    modules: ['tensorflow'],
    problem,
  };
};

/** MetaGraphDef, of which only the MetaInfoDef is looked at. */
async function readGraphs(
  reader: ByteReader,
  end: number,
  found: { version: string | null; tags: string[] },
): Promise<void> {
  for await (const field of walkFields(reader, end)) {
    if (field.number !== 1) continue;
    for await (const fact of walkFields(reader, reader.position + field.value)) {
      if (fact.number === 4) found.tags.push(await takeText(reader, fact));
      else if (fact.number === 5) found.version = await takeText(reader, fact);
    }
  }
}
