import { readFileSync, readdirSync } from 'node:fs';
import { deflateSync, gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { treeOf } from '../files.ts';
import { findModels, readModel } from './find-models.ts';
import { zipOf } from './test-zip.ts';

const PROJECTS = new URL('../../../test/fixtures/projects/', import.meta.url);

function fixture(path: string): Uint8Array {
  return readFileSync(new URL(path, PROJECTS));
}

const TORCH =
  'gAJ9cQAoWAoAAABzdGF0ZV9kaWN0cQFjY29sbGVjdGlvbnMKT3JkZXJlZERpY3QKcQIpUnEDKFgBAAAAd3EEY3RvcmNoLl91dGlscwpfcmVidWlsZF90ZW5zb3JfdjIKcQUoWAcAAABzdG9yYWdlcQZYAQAAADBxB4ZxCFFLAEsCSwOGcQlLA0sBhnEKiWgCKVJxC3RxDFJxDVgBAAAAYnEOaAUoaAZoB4ZxD1FLAGgJaAqJaAIpUnEQdHERUnESdVgZAAAAcHl0b3JjaC1saWdodG5pbmdfdmVyc2lvbnETWAUAAAAyLjQuMHEUdS4=';

function keyed(key: string, type: number, value: Buffer): Buffer {
  return Buffer.concat([sized(key), number(type, 4), value]);
}

function sized(text: string): Buffer {
  return Buffer.concat([number(text.length, 8), Buffer.from(text)]);
}

function number(value: number, bytes: 1 | 4 | 8): Buffer {
  const buffer = Buffer.alloc(bytes);
  buffer.writeUIntLE(value, 0, Math.min(bytes, 6));
  return buffer;
}

const SAFETENSORS = JSON.stringify({
  __metadata__: { format: 'pt' },
  w: { dtype: 'F16', shape: [2], data_offsets: [0, 4] },
});
const HDF5 = Buffer.concat([
  Buffer.from('894844460d0a1a0a', 'hex'),
  Buffer.alloc(90),
  Buffer.from('keras_version\0\0\u00132.11.0\0 backend tensorflow model_config {}'),
]);
const GGUF = Buffer.concat([
  Buffer.from('GGUF'), number(3, 4), number(291, 8), number(3, 8),
  keyed('general.architecture', 8, sized('llama')),
  keyed('tokenizer.ggml.tokens', 9, Buffer.concat([number(8, 4), number(2, 8), sized('a'), sized('bc')])),
  keyed('general.file_type', 4, number(15, 4)),
]); // prettier-ignore
const SAVED = Buffer.from('080112110a0f220573657276652a06322e31362e31', 'hex');

const CASES: [name: string, path: string, bytes: Uint8Array, expected: Record<string, unknown>][] = [
  ['joblib', 'm.joblib', fixture('bare-sklearn/rf_final_v2.joblib'), { format: 'joblib', framework: { name: 'scikit-learn', version: '1.5.2' }, dangerous: [] }],
  ['joblib by gzip', 'm.pkl', gzipSync(fixture('bare-sklearn/rf_final_v2.joblib')), { format: 'joblib', framework: { name: 'scikit-learn', version: '1.5.2' } }],
  ['joblib by zlib', 'm.joblib', deflateSync(fixture('bare-sklearn/rf_final_v2.joblib')), { format: 'joblib', framework: { name: 'scikit-learn', version: '1.5.2' } }],
  ['pickle', 'm.sav', fixture('sklearn-flask/models/iris.pkl'), { format: 'pickle', framework: { name: 'scikit-learn', version: '1.3.2' }, inputs: [{ name: 'X', type: undefined, shape: [null, 4] }] }],
  ['a pickle whose list is cut off', 'm.pkl', fixture('sklearn-flask/models/iris.pkl').subarray(0, -3), { format: 'pickle', framework: { name: 'scikit-learn', version: '1.3.2' }, problem: expect.stringContaining('ends in the middle') }],
  ['an evil pickle', 'model.pkl', Buffer.from('gASVHwAAAAAAAACMBXBvc2l4lIwGc3lzdGVtlJOUjAR0cnVllIWUUpQu', 'base64'), { format: 'pickle', dangerous: ['posix.system'] }],
  ['ONNX', 'm.onnx', fixture('pdm-starlette/digits.onnx'), { format: 'onnx', inputs: [{ name: 'x', type: 'float32', shape: [null, 64] }], outputs: [{ name: 'scores', type: 'float32', shape: [null, 10] }] }],
  ['ONNX cut off', 'm.onnx', fixture('pdm-starlette/digits.onnx').subarray(0, 900), { format: 'onnx', problem: expect.stringContaining('ends in the middle') }],
  ['XGBoost', 'model.json', fixture('bare-xgboost/models/booster.json'), { format: 'xgboost', framework: { name: 'xgboost', version: '2.0.3' } }],
  ['LightGBM', 'model.txt', fixture('lightgbm-fastapi/rain_lgbm.txt'), { format: 'lightgbm', inputs: [{ name: 'X', type: 'float64', shape: [null, 2] }] }],
  ['torch', 'm.pt', zipOf({ 'archive/data.pkl': Buffer.from(TORCH, 'base64'), 'archive/version': '3\n', 'archive/data/0': 'x'.repeat(24) }), { format: 'torch', framework: { name: 'lightning', version: '2.4.0' }, details: { protocol: 2, tensors: 2 }, dangerous: [] }],
  ['TorchScript', 'm.pt', zipOf({ 'net/data.pkl': Buffer.from(TORCH, 'base64'), 'net/code/__torch__.py': '', 'net/version': '3\n' }), { format: 'torchscript', details: { archiveVersion: 3 } }],
  ['safetensors', 'm.safetensors', Buffer.concat([number(SAFETENSORS.length, 8), Buffer.from(`${SAFETENSORS}1234`)]), { format: 'safetensors', framework: { name: 'torch', version: null }, details: { tensors: 1, types: 'F16' } }],
  ['safetensors cut off', 'm.safetensors', number(1_000_000, 8), { format: 'safetensors', problem: expect.stringContaining('cut off') }],
  ['Keras 3', 'm.keras', zipOf({ 'metadata.json': '{"keras_version": "3.6.0"}' }), { format: 'keras', framework: { name: 'keras', version: '3.6.0' } }],
  ['Keras 2', 'm.h5', HDF5, { format: 'keras', framework: { name: 'keras', version: '2.11.0' }, details: { file: 'hdf5', holds: 'model' } }],
  ['GGUF', 'm.gguf', GGUF, { format: 'gguf', details: { version: 3, tensors: 291, 'general.architecture': 'llama', 'general.file_type': 15 }, problem: undefined }],
  ['SavedModel', 'saved_model.pb', SAVED, { format: 'saved-model', framework: { name: 'tensorflow', version: '2.16.1' }, details: { tags: 'serve' } }],
  ['CatBoost', 'm.cbm', Buffer.from('CBM1....'), { format: 'catboost' }],
  ['skops', 'm.skops', zipOf({ 'schema.json': '{"__class__": "SVC", "__module__": "sklearn.svm._classes"}' }), { format: 'skops', modules: ['sklearn'] }],
  ['TFLite', 'm.tflite', Buffer.from('....TFL3....'), { format: 'tflite' }],
  ['a pointer of Git LFS', 'm.bin', Buffer.from('version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 42\n'), { format: 'git-lfs-pointer', details: { size: 42 } }],
]; // prettier-ignore

test.each(CASES)('%s', async (_, path, bytes, expected) => {
  expect(await readModel(treeOf({ [path]: bytes }), path, bytes.length)).toMatchObject(expected);
});

test.each([
  ['a word list', 'models/words.txt', 'one\n'.repeat(300)],
  ['settings', 'model_config.json', JSON.stringify({ layers: 'x'.repeat(600) })],
  ['bytes that mean nothing', 'model.bin', '\u0001\u0002'.repeat(50)],
  ['an archive of something else', 'm.pt', 'PK'],
  ['nothing', 'model.pkl', ''],
])('%s is no model', async (_, path, text) => {
  expect(await findModels(treeOf({ [path]: text }))).toEqual([]);
});

test('each model of the fixtures is recognised wherever it is cut off, and nothing throws', async () => {
  for (const project of readdirSync(PROJECTS))
    for (const name of readdirSync(new URL(`${project}/`, PROJECTS), { recursive: true })
      .map(String)
      .filter((path) => /\.(onnx|pkl|joblib)$/.test(path))) {
      const bytes = fixture(`${project}/${name}`);
      for (let length = 1; length < bytes.length; length += 97)
        await readModel(treeOf({ m: '', [name]: bytes.subarray(0, length) }), name, length);
      expect(await readModel(treeOf({ [name]: bytes }), name, bytes.length)).toMatchObject({ problem: undefined });
    }
});
