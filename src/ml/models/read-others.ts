import { latinOf, textOf } from './bytes.ts';
import { type ModelReader, startsWith } from './read-source.ts';
import { readEntry, readZip } from './zip.ts';

const MAX_JSON_BYTES = 4 * 1024 * 1024;

/** skops: a zip archive with `schema.json`, which names the types to make and the protocol. */
export const readSkops: ModelReader = async ({ tree, path, bytes, head }) => {
  if (!startsWith(head, 'PK')) return undefined;
  const entry = (await readZip(tree, path, bytes))?.find(({ name }) => name === 'schema.json');
  if (entry === undefined) return undefined;
  const schema = textOf((await readEntry(tree, path, { entry, limit: MAX_JSON_BYTES })) ?? new Uint8Array());
  if (!schema.includes('__module__')) return undefined;
  const modules = [...schema.matchAll(/"__module__"\s*:\s*"([A-Za-z_]\w*)/g)].map(([, name = '']) => name);
  const version = /"_sklearn_version"[^]{0,200}?"content"\s*:\s*"\\?"?(\d[\w.]+)/.exec(schema)?.[1] ?? null;
  return {
    format: 'skops',
    framework: { name: 'scikit-learn', version },
    modules: [...new Set(modules)].filter((name) => name !== 'builtins'),
  };
};

/** TensorFlow Lite: a flat buffer with its mark behind four bytes. */
export const readTflite: ModelReader = async ({ head }) =>
  latinOf(head.subarray(4, 8)) === 'TFL3'
    ? { format: 'tflite', framework: { name: 'tensorflow', version: null } }
    : undefined;

/** OpenVINO's description of a network; the weights are in the `.bin` beside it. */
export const readOpenvino: ModelReader = async ({ path, head }) => {
  if (!path.endsWith('.xml')) return undefined;
  const version = /<net\b[^>]*\bversion="(\d+)"/.exec(textOf(head))?.[1];
  return version === undefined
    ? undefined
    : { format: 'openvino', framework: { name: 'openvino', version: null }, details: { version: Number(version) } };
};

/** Apple's Core ML: a protobuf message that begins with its version. */
export const readCoreml: ModelReader = async ({ path, head }) =>
  path.endsWith('.mlmodel') && head[0] === 0x08
    ? { format: 'coreml', framework: { name: 'coremltools', version: null }, details: { version: head[1] ?? 0 } }
    : undefined;

/** fastText's binary models. */
export const readFasttext: ModelReader = async ({ head }) =>
  head[0] === 0xba && head[1] === 0x16 && head[2] === 0x4f && head[3] === 0x2f
    ? { format: 'fasttext', framework: { name: 'fasttext', version: null }, modules: ['fasttext'] }
    : undefined;

/** A pipeline's folder of spaCy, known by its `meta.json`. */
export const readSpacy: ModelReader = async ({ path, tree }) => {
  if (!/(^|\/)meta\.json$/.test(path)) return undefined;
  const text = (await tree.read(path)) ?? '';
  const version = /"spacy_version"\s*:\s*"[^\d"]*([\d.]+)/.exec(text)?.[1];
  return version === undefined
    ? undefined
    : { format: 'spacy', framework: { name: 'spacy', version }, modules: ['spacy'] };
};

/** What stands in a checkout instead of a large file that was not fetched. */
export const readLfsPointer: ModelReader = async ({ head }) => {
  const text = textOf(head);
  if (!text.startsWith('version https://git-lfs.github.com/spec/')) return undefined;
  const size = /^size (\d+)$/m.exec(text)?.[1];
  return {
    format: 'git-lfs-pointer',
    details: size === undefined ? {} : { size: Number(size) },
    problem: 'it is a pointer of Git LFS: the model itself was not fetched',
  };
};
