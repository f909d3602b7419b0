import { latinOf, textOf } from './bytes.ts';
import { type FoundModel, type ModelReader, startsWith } from './read-source.ts';
import { readEntry, readZip } from './zip.ts';

const SEARCHED_BYTES = 2 * 1024 * 1024;
const MAX_METADATA_BYTES = 64 * 1024;

/** Keras: a zip archive with `metadata.json` (version 3), or HDF5 whose attributes name the version. */
export const readKeras: ModelReader = async (source) => {
  if (startsWith(source.head, '\u0089HDF\r\n\u001A\n')) {
    const bytes = (await source.tree.bytes(source.path, 0, SEARCHED_BYTES)) ?? new Uint8Array();
    return fromHdf5(latinOf(bytes));
  }
  if (!source.path.endsWith('.keras')) return undefined;
  const entries = (await readZip(source.tree, source.path, source.bytes)) ?? [];
  const entry = entries.find(({ name }) => name === 'metadata.json');
  if (entry === undefined) return { format: 'keras', problem: 'it holds no metadata.json: it is cut off, or no such file' }; // prettier-ignore
  const bytes = await readEntry(source.tree, source.path, { entry, limit: MAX_METADATA_BYTES });
  const version = /"keras_version"\s*:\s*"([\w.+-]+)"/.exec(textOf(bytes ?? new Uint8Array()))?.[1] ?? null;
  return { format: 'keras', framework: { name: 'keras', version }, modules: ['keras'] };
};

/** An attribute's value lies within some hundred bytes behind its name. Other programs write HDF5, too: without Keras' attributes it is data. */
function fromHdf5(searched: string): FoundModel | undefined {
  const at = searched.indexOf('keras_version');
  if (at === -1) return undefined;
  const version = /\d+\.\d+\.\d+(?:-?[a-z]+\d*)?/.exec(searched.slice(at, at + 400))?.[0] ?? null;
  const hasGraph = searched.includes('model_config');
  return {
    format: 'keras',
    framework: { name: 'keras', version },
    details: { file: 'hdf5', holds: hasGraph ? 'model' : 'weights' },
    modules: ['keras'],
  };
}
