import { latinOf, inflate, readerOfBytes } from './bytes.ts';
import { isDangerousGlobal, packageOfGlobal } from './pickle-globals.ts';
import { entryOf, type Pickle, type PickleValue, readPickle } from './pickle.ts';
import type { TensorFacts } from './model.ts';
import { type FoundModel, type ModelReader, type ModelSource, startsWith, tailOf } from './read-source.ts';

const MAX_INFLATED_BYTES = 64 * 1024 * 1024;
const MAX_COMPRESSED_BYTES = 16 * 1024 * 1024;
const SEARCHED_BYTES = 4 * 1024 * 1024;

/** A pickle, or a file of joblib: a pickle with arrays between its instructions, often compressed. */
export const readPickleModel: ModelReader = async (source) => {
  const packed = compressionOf(source.head);
  if (packed === 'unreadable')
    return { format: 'joblib', problem: 'it is compressed in a way that is not looked into' };
  if (packed !== undefined) {
    const stored = (await source.tree.bytes(source.path, 0, MAX_COMPRESSED_BYTES)) ?? new Uint8Array();
    const bytes = await inflate(stored, packed, MAX_INFLATED_BYTES);
    return isPickle(bytes) ? modelOf(source, await readPickle(readerOfBytes(bytes)), latinOf(bytes)) : undefined;
  }
  if (!isPickle(source.head)) return undefined;
  const pickle = await readPickle(source.open());
  const start = (await source.tree.bytes(source.path, 0, SEARCHED_BYTES)) ?? new Uint8Array();
  return modelOf(source, pickle, latinOf(start) + latinOf(await tailOf(source, SEARCHED_BYTES)));
};

/** Protocols from 2 on begin with their number; older ones with an instruction that makes an object. */
function isPickle(head: Uint8Array): boolean {
  if (head[0] === 0x80) return (head[1] ?? 99) <= 5;
  return /^(?:c[\w.]+\n\w+\n|\((?:i[\w.]+\n\w+\n|dp\d|lp\d|[IS]|c[\w.]+\n)|[}\]]q\0)/.test(latinOf(head.subarray(0, 200))); // prettier-ignore
}

function compressionOf(head: Uint8Array): 'gzip' | 'deflate' | 'unreadable' | undefined {
  if (head[0] === 0x1f && head[1] === 0x8b) return 'gzip';
  if (head[0] === 0x78 && ((0x78 << 8) | (head[1] ?? 0)) % 31 === 0 && head[1] !== 0) return 'deflate';
  if (startsWith(head, 'BZh') || startsWith(head, '\u00FD7zXZ') || startsWith(head, '\u0004"M\u0018'))
    return 'unreadable';
  return undefined;
}

function modelOf({ path }: ModelSource, pickle: Pickle, searched: string): FoundModel {
  const modules = [...new Set(pickle.globals.map(({ module }) => packageOfGlobal(module)).filter((name) => name !== undefined && !PLAIN.has(name)))] as string[]; // prettier-ignore
  const isJoblib = pickle.globals.some(({ module }) => module === 'joblib.numpy_pickle') || /\.joblib(\.\w+)?$/.test(path); // prettier-ignore
  const estimator = className(pickle.value);
  return {
    format: isJoblib ? 'joblib' : modules.includes('torch') && modules[0] === 'torch' ? 'torch' : 'pickle',
    framework: frameworkOf(pickle, modules, searched),
    details: { protocol: pickle.protocol, ...(estimator !== undefined && { object: estimator }) },
    inputs: featuresOf(pickle.value),
    modules,
    dangerous: pickle.globals.filter(isDangerousGlobal).map(({ module, name }) => `${module}.${name}`),
    problem: pickle.problem,
  };
}

/** Python's own, which say nothing of what is needed. */
const PLAIN = new Set(['copyreg', 'copy_reg', '_codecs', 'collections', 'datetime', 'decimal', 'fractions', 'uuid', 're', 'enum', 'pathlib', 'random', 'functools', 'itertools', 'array', 'argparse', 'typing', 'dataclasses', 'zoneinfo', 'abc', 'string', 'math', '_io']); // prettier-ignore

const FRAMEWORKS = [
  ['xgboost', 'xgboost'],
  ['lightgbm', 'lightgbm'],
  ['catboost', 'catboost'],
  ['sklearn', 'scikit-learn'],
  ['ultralytics', 'ultralytics'],
  ['torch', 'torch'],
  ['keras', 'keras'],
  ['tensorflow', 'tensorflow'],
  ['statsmodels', 'statsmodels'],
  ['pandas', 'pandas'],
] as const;

/** What wrote it; scikit-learn puts its version into each object. */
function frameworkOf(pickle: Pickle, modules: readonly string[], searched: string): FoundModel['framework'] {
  const version = versionOf(entryOf(pickle.value, '_sklearn_version')) ?? versionInBytes(searched);
  const outer = className(pickle.value)?.split('.')[0];
  const named = FRAMEWORKS.find(([module]) => module === outer) ?? FRAMEWORKS.find(([module]) => modules.includes(module)); // prettier-ignore
  if (version !== undefined && (named === undefined || named[0] === 'sklearn' || named[0] === 'pandas'))
    return { name: 'scikit-learn', version };
  return named === undefined ? undefined : { name: named[1], version: null };
}

function versionOf(value: PickleValue): string | undefined {
  return typeof value === 'string' && /^\d+(\.\w+)+$/.test(value) ? value : undefined;
}

/** The key's text is followed by the note that remembers it and by the version's text, in any protocol. */
function versionInBytes(searched: string): string | undefined {
  // eslint-disable-next-line no-control-regex -- instructions of a pickle
  return /_sklearn_version(?:\u0094|q[^]|r[^]{4}|'?\np\d+\n)(?:\u008C[^]|X[^]\0\0\0|[VS]'?)(\d+(?:\.\w+)+)/.exec(searched)?.[1]?.replace(/(?<=\d)(?:q|r|u|s|b)$/, ''); // prettier-ignore
}

/** `sklearn.linear_model._logistic.LogisticRegression` of the outermost object; undefined for a plain container. */
function className(value: PickleValue): string | undefined {
  if (value === null || typeof value !== 'object' || value.kind !== 'object') return undefined;
  const { callable, args } = value;
  if (callable === null || typeof callable !== 'object' || callable.kind !== 'global') return undefined;
  const [first] = args !== null && typeof args === 'object' && args.kind === 'list' ? args.items : [];
  if (!/^copy_?reg$/.test(callable.module)) return `${callable.module}.${callable.name}`;
  return first !== null && typeof first === 'object' && first.kind === 'global' ? `${first.module}.${first.name}` : undefined; // prettier-ignore
}

function featuresOf(value: PickleValue): TensorFacts[] {
  const count = entryOf(value, 'n_features_in_');
  return typeof count === 'number' ? [{ name: 'X', type: undefined, shape: [null, count] }] : [];
}
