import { readerOf } from './bytes.ts';
import { isDangerousGlobal, packageOfGlobal } from './pickle-globals.ts';
import { entryOf, type Pickle, type PickleValue, readPickle } from './pickle.ts';
import type { FoundModel, ModelReader, ModelSource } from './read-source.ts';
import { readEntry, readZip, startOfEntry, type ZipEntry } from './zip.ts';

/** A zip archive of torch (`torch.save` since 1.6, `torch.jit.save`): the pickle in it is followed, the tensors' bytes are not read. */
export const readTorch: ModelReader = async (source) => {
  const entries = await readZip(source.tree, source.path, source.bytes);
  const data = entries?.find(({ name }) => /^[^/]+\/data\.pkl$/.test(name));
  if (entries === undefined || data === undefined) return undefined;
  const folder = data.name.slice(0, data.name.indexOf('/') + 1);
  const isScript = entries.some(({ name }) => name === `${folder}constants.pkl` || name.startsWith(`${folder}code/`));
  const start = await startOfEntry(source.tree, source.path, data);
  if (start === undefined || data.method !== 0) return { format: isScript ? 'torchscript' : 'torch', problem: 'its list of tensors cannot be read' }; // prettier-ignore
  const reader = readerOf(source.tree, source.path, Math.min(source.bytes, start + data.storedBytes));
  reader.seek(start);
  const pickle = await readPickle(reader);
  return isScript ? scriptOf(pickle, await archiveVersion(source, entries, folder)) : checkpointOf(pickle);
};

async function archiveVersion(
  { tree, path }: ModelSource,
  entries: readonly ZipEntry[],
  folder: string,
): Promise<Record<string, number>> {
  const entry = entries.find(({ name }) => name === `${folder}version`);
  const bytes = entry === undefined ? undefined : await readEntry(tree, path, { entry, limit: 16 });
  const version = Number.parseInt(new TextDecoder().decode(bytes), 10);
  return Number.isNaN(version) ? {} : { archiveVersion: version };
}

/** The code in it is torch's own language and runs in its interpreter, so names of modules mean nothing to Python. */
function scriptOf(pickle: Pickle, details: Record<string, number>): FoundModel {
  return {
    format: 'torchscript',
    framework: { name: 'torch', version: null },
    details,
    modules: ['torch'],
    problem: pickle.problem,
  };
}

function checkpointOf(pickle: Pickle): FoundModel {
  const modules = [...new Set(pickle.globals.map(({ module }) => packageOfGlobal(module)))].filter(
    (name): name is string => name !== undefined && !['collections', 'copyreg', '_codecs', 'datetime', 'pathlib'].includes(name), // prettier-ignore
  );
  const lightning = entryOf(pickle.value, 'pytorch-lightning_version');
  const tensors = countTensors(stateOf(pickle.value));
  return {
    format: 'torch',
    framework:
      typeof lightning === 'string' ? { name: 'lightning', version: lightning } : modules.includes('ultralytics') ? { name: 'ultralytics', version: null } : { name: 'torch', version: null },
    details: { protocol: pickle.protocol, ...(tensors > 0 && { tensors }) },
    modules: modules.includes('torch') ? modules : ['torch', ...modules],
    dangerous: pickle.globals.filter(isDangerousGlobal).map(({ module, name }) => `${module}.${name}`),
    problem: pickle.problem,
  }; // prettier-ignore
}

/** A checkpoint often has the weights under a name of its own. */
function stateOf(value: PickleValue): PickleValue {
  for (const key of ['state_dict', 'model_state_dict', 'model']) {
    const inner = entryOf(value, key);
    if (inner !== null) return inner;
  }
  return value;
}

function countTensors(value: PickleValue): number {
  if (value === null || typeof value !== 'object') return 0;
  if (value.kind === 'object') return value.state === null ? 0 : countTensors(value.state);
  if (value.kind !== 'dict') return 0;
  return value.pairs.filter(([, item]) => isTensor(item)).length;
}

function isTensor(value: PickleValue): boolean {
  if (value === null || typeof value !== 'object' || value.kind !== 'object') return false;
  const { callable } = value;
  return (
    callable !== null &&
    typeof callable === 'object' &&
    callable.kind === 'global' &&
    callable.module.startsWith('torch') &&
    /_rebuild_(tensor|parameter)/.test(callable.name)
  );
}
