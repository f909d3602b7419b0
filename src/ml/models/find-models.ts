import { baseOf, type FileTree, folderOf, hasFile } from '../files.ts';
import { EndOfFile } from './bytes.ts';
import type { ModelFacts } from './model.ts';
import { readCatboost, readLightgbm, readXgboost } from './read-boosters.ts';
import { readGguf } from './read-gguf.ts';
import { readKeras } from './read-keras.ts';
import { readOnnx } from './read-onnx.ts';
import { readCoreml, readFasttext, readLfsPointer, readOpenvino, readSkops, readSpacy, readTflite } from './read-others.ts'; // prettier-ignore
import { readPickleModel } from './read-pickle-model.ts';
import { readSafetensors } from './read-safetensors.ts';
import { readSavedModel } from './read-saved-model.ts';
import { factsOf, type ModelReader, sourceOf } from './read-source.ts';
import { readTorch } from './read-torch.ts';

const PICKLES = [readTorch, readKeras, readPickleModel];
const BINARY = [readXgboost, readFasttext, readTorch, readPickleModel, readLightgbm, readCatboost, readGguf];

/** Who may know a file, by the end of its name; the first that recognises it counts. */
const READERS: Readonly<Record<string, readonly ModelReader[]>> = {
  pkl: PICKLES, pickle: PICKLES, pck: PICKLES, pcl: PICKLES, sav: PICKLES, joblib: PICKLES, jbl: PICKLES, dill: PICKLES, cloudpickle: PICKLES,
  gz: [readPickleModel], z: [readPickleModel],
  pt: PICKLES, pth: PICKLES, ckpt: PICKLES, torchscript: PICKLES, pt2: PICKLES, tar: [readTorch],
  bin: BINARY, model: BINARY, mdl: BINARY, weights: [],
  onnx: [readOnnx], safetensors: [readSafetensors], pb: [readSavedModel], keras: [readKeras], h5: [readKeras], hdf5: [readKeras], gguf: [readGguf],
  json: [readSpacy, readXgboost, readCatboost], ubj: [readXgboost], xgb: [readXgboost], bst: [readXgboost],
  txt: [readLightgbm], lgb: [readLightgbm], lgbm: [readLightgbm], cbm: [readCatboost], skops: [readSkops],
  tflite: [readTflite], lite: [readTflite], xml: [readOpenvino], mlmodel: [readCoreml], ftz: [readFasttext],
}; // prettier-ignore

/** Texts are opened only where they are likely to be models. */
const LIKELY_NAMES = /model|boost|xgb|lgb|tree|forest|gbm|classif|regress|predict|clf|weights|checkpoint/i;
const MIN_TEXT_BYTES = 400;
const MAX_CANDIDATES = 400;
/** Words about words: names of files that other programs make. */
const OTHER_JSON = /(^|\/)(package(-lock)?|tsconfig|composer|manifest|config|tokenizer(_config)?|vocab|special_tokens_map|generation_config|preprocessor_config)\.json$/; // prettier-ignore

/** Models of a folder, largest first. Files are looked into at a few places; nothing in them is executed. */
export async function findModels(tree: FileTree): Promise<ModelFacts[]> {
  const candidates = tree.files
    .filter(({ path, bytes }) => isCandidate(path, bytes))
    .toSorted((a, b) => b.bytes - a.bytes || (a.path < b.path ? -1 : 1))
    .slice(0, MAX_CANDIDATES);
  const found: ModelFacts[] = [];
  for (const { path, bytes } of candidates) {
    const facts = await readModel(tree, path, bytes);
    if (facts !== undefined) found.push(facts);
  }
  return found;
}

function extensionOf(path: string): string {
  return /\.([A-Za-z0-9]+)$/.exec(path)?.[1]?.toLowerCase() ?? '';
}

function isCandidate(path: string, bytes: number): boolean {
  const extension = extensionOf(path);
  if (READERS[extension] === undefined || bytes === 0 || /(^|\/)(node_modules|\.git)\//.test(path)) return false;
  if (/\.(txt|xml)$/.test(path) || (extension === 'json' && !/(^|\/)meta\.json$/.test(path)))
    return (LIKELY_NAMES.test(baseOf(path)) || /(^|\/)models?\//.test(path)) && bytes >= MIN_TEXT_BYTES && !OTHER_JSON.test(path); // prettier-ignore
  return extension !== 'gz' && extension !== 'z' ? true : /\.(pkl|pickle|joblib|sav)\.(gz|z)$/i.test(path);
}

/** What one file says of itself; undefined if it is no model that is known. */
export async function readModel(tree: FileTree, path: string, bytes: number): Promise<ModelFacts | undefined> {
  const source = await sourceOf(tree, path, bytes);
  if (source === undefined) return undefined;
  const found = await firstOf([readLfsPointer, ...(READERS[extensionOf(path)] ?? [])], source);
  if (found === undefined) return undefined;
  const facts = factsOf(source, found);
  return facts.format === 'safetensors' ? withTransformers(tree, facts) : facts;
}

async function firstOf(
  readers: readonly ModelReader[],
  source: Parameters<ModelReader>[0],
): ReturnType<ModelReader> {
  for (const read of readers) {
    const found = await read(source).catch((error: unknown) => {
      if (error instanceof EndOfFile || error instanceof RangeError) return undefined;
      throw error;
    });
    if (found !== undefined) return found;
  }
  return undefined;
} // prettier-ignore

/** A `config.json` beside the weights names the architecture and the version of transformers. */
async function withTransformers(tree: FileTree, facts: ModelFacts): Promise<ModelFacts> {
  const folder = folderOf(facts.path);
  const config = folder === '' ? 'config.json' : `${folder}/config.json`;
  if (!hasFile(tree, config)) return facts;
  const text = (await tree.read(config)) ?? '';
  const version = /"transformers_version"\s*:\s*"([\w.]+)"/.exec(text)?.[1] ?? null;
  const architecture = /"architectures"\s*:\s*\[\s*"(\w+)"/.exec(text)?.[1];
  if (version === null && architecture === undefined) return facts;
  return {
    ...facts,
    framework: { name: 'transformers', version },
    details: { ...facts.details, ...(architecture !== undefined && { architecture }) },
    modules: ['transformers', 'torch'],
  };
}
