import { latinOf, textOf } from './bytes.ts';
import type { TensorFacts } from './model.ts';
import { type ModelReader, startsWith, tailOf } from './read-source.ts';

const TAIL_BYTES = 64 * 1024;

/** XGBoost: JSON and UBJSON (`learner` first, the version of the library last), and the binary form of before 1.0. */
export const readXgboost: ModelReader = async (source) => {
  const head = latinOf(source.head);
  if (startsWith(source.head, 'binf') || startsWith(source.head, 'bs64'))
    return { format: 'xgboost', framework: { name: 'xgboost', version: null }, details: { file: 'binary' }, modules: ['xgboost'] }; // prettier-ignore
  const isJson = /^\s*\{\s*"(?:learner|version|Config)"\s*:/.test(head);
  const isUbj = head.startsWith('{L') && head.slice(0, 40).includes('learner');
  if (!isJson && !isUbj) return undefined;
  const tail = latinOf(await tailOf(source, TAIL_BYTES));
  const start = latinOf((await source.tree.bytes(source.path, 0, TAIL_BYTES)) ?? new Uint8Array());
  if (isJson && !/"(?:gradient_booster|learner_model_param|objective)"/.test(start + tail)) return undefined;
  const version = isUbj ? ubjVersion(tail) : /"version"\s*:\s*\[\s*(\d+)\s*,\s*(\d+)\s*,\s*(\d+)\s*\]/.exec(`${tail}\n${start}`)?.slice(1).join('.'); // prettier-ignore
  const features = /"?num_feature"?[^0-9]{1,12}?(\d{1,9})"?/.exec(`${tail}\n${start}`)?.[1];
  const objective = /objective[^a-z]{1,40}name[^a-z]{1,12}((?:reg|binary|multi|rank|count|survival)[\w:]+)/.exec(`${tail}\n${start}`)?.[1]; // prettier-ignore
  return {
    format: 'xgboost',
    framework: { name: 'xgboost', version: version ?? null },
    details: { file: isUbj ? 'ubjson' : 'json', ...(objective !== undefined && { objective }) },
    inputs: features === undefined || features === '0' ? [] : [rows(Number(features))],
    modules: ['xgboost'],
  };
};

/** UBJSON: the key, then a list of three small numbers, each behind the mark of its type. */
function ubjVersion(tail: string): string | undefined {
  const at = tail.lastIndexOf('version');
  if (at === -1) return undefined;
  // A typed list `[$i#…` or one of marked values.
  const bytes = Array.from({ length: Math.min(53, tail.length - at - 7) }, (_, index) =>
    tail.charCodeAt(at + 7 + index),
  );
  const list = bytes.slice(bytes.indexOf(0x5b) + 1);
  const numbers = list[0] === 0x24 ? typed(list) : marked(list);
  return numbers.length === 3 ? numbers.join('.') : undefined;
}

const WIDTH: Readonly<Record<string, number>> = { i: 1, U: 1, I: 2, l: 4, L: 8 };

/** `$` type `#` count-type count, then the values. */
function typed(list: readonly number[]): number[] {
  const width = WIDTH[String.fromCodePoint(list[1] ?? 0)] ?? 0;
  const countWidth = WIDTH[String.fromCodePoint(list[3] ?? 0)] ?? 0;
  const start = 4 + countWidth;
  return width === 0 ? [] : Array.from({ length: 3 }, (_, index) => bigEndian(list.slice(start + index * width, start + (index + 1) * width))); // prettier-ignore
}

function marked(list: readonly number[]): number[] {
  const numbers: number[] = [];
  for (let at = 0; at < list.length && numbers.length < 3;) {
    const width = WIDTH[String.fromCodePoint(list[at] ?? 0)];
    if (width === undefined) break;
    numbers.push(bigEndian(list.slice(at + 1, at + 1 + width)));
    at += 1 + width;
  }
  return numbers;
}

function bigEndian(bytes: readonly number[]): number {
  return bytes.reduce((value, byte) => value * 256 + byte, 0);
}

function rows(count: number): TensorFacts {
  return { name: 'X', type: 'float32', shape: [null, count] };
}

/** LightGBM's text: `tree`, then `version=v4` (of the format, not of the library). */
export const readLightgbm: ModelReader = async ({ head, tree, path }) => {
  if (!/^tree\r?\nversion=v\d/.test(textOf(head))) return undefined;
  const start = textOf((await tree.bytes(path, 0, TAIL_BYTES)) ?? new Uint8Array());
  const features = /^max_feature_idx=(\d+)/m.exec(start)?.[1];
  const objective = /^objective=(\S+)/m.exec(start)?.[1];
  return {
    format: 'lightgbm',
    framework: { name: 'lightgbm', version: null },
    details: { version: /version=(v\d+)/.exec(start)?.[1] ?? '', ...(objective !== undefined && { objective }) },
    inputs: features === undefined ? [] : [{ ...rows(Number(features) + 1), type: 'float64' }],
    modules: ['lightgbm'],
  };
};

/** CatBoost's binary form, and its JSON. */
export const readCatboost: ModelReader = async ({ head, path }) => {
  const isJson = path.endsWith('.json') && /"(?:oblivious_trees|catboost_version_info|float_features)"/.test(textOf(head)); // prettier-ignore
  if (!startsWith(head, 'CBM1') && !isJson) return undefined;
  return { format: 'catboost', framework: { name: 'catboost', version: null }, details: { file: isJson ? 'json' : 'binary' }, modules: ['catboost'] }; // prettier-ignore
};
