import { createHash } from 'node:crypto';
import type { TrainingRun } from '#api/training-run.ts';
import type { DiskFile } from '../open-tree.ts';

const DATA = /\.(?:csv|tsv|parquet|feather|arrow|jsonl|npy|npz|h5|hdf5|tfrecord|wav|mp3|flac|jpg|jpeg|png|txt|gz|zip|tar|db|sqlite3?|json|pt|bin|lmdb)$/i; // prettier-ignore
const FOLDERS = /^(?:data|dataset|datasets|input|inputs|raw|images|corpus)$/i;
const MIN_BYTES = 1;
const MAX_ENTRIES = 50;

/** Data of a folder: its folders for data, and large files at its top. Known by names, sizes and times, so that gigabytes are not read. */
export function dataFacts(files: readonly DiskFile[]): TrainingRun['data'] {
  const groups = Map.groupBy(files, ({ path }) => {
    const [top = ''] = path.split('/');
    if (path.includes('/')) return FOLDERS.test(top) ? top : '';
    return DATA.test(path) && !/^(?:requirements|readme|license)/i.test(path) ? path : '';
  });
  groups.delete('');
  return [...groups]
    .filter(([, own]) => own.some(({ bytes }) => bytes >= MIN_BYTES))
    .slice(0, MAX_ENTRIES)
    .map(([path, own]) => ({
      path,
      files: own.length,
      bytes: own.reduce((sum, { bytes }) => sum + bytes, 0),
      fingerprint: fingerprint(own),
    }))
    .toSorted((a, b) => (a.path < b.path ? -1 : 1));
}

function fingerprint(files: readonly DiskFile[]): string {
  const hash = createHash('sha256');
  for (const { path, bytes, modifiedMs } of files.toSorted((a, b) => (a.path < b.path ? -1 : 1)))
    hash.update(`${path}\0${bytes}\0${Math.trunc(modifiedMs)}\n`);
  return hash.digest('hex').slice(0, 16);
}
