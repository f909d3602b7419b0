import { mkdir, mkdtempDisposable, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { parseTrainingRun, type TrainingRun } from '#api/training-run.ts';
import { run as runProgram } from '#lib/run.ts';
import { dataFacts } from './data-facts.ts';
import { gitState } from './git-state.ts';
import { readMlflow } from './import-mlflow.ts';
import { keptWords, parametersOf } from './parameters.ts';
import { folderStore } from './run-store.ts';

const RUN: TrainingRun = {
  schemaVersion: 1, id: 'aa11bb22cc33', project: 'iris', directory: '/x', started: '2026-01-02T03:04:05.000Z', ended: null, status: 'running', exitCode: null, commit: null, isDirty: null,
  diff: null, image: null, command: ['python', 'train.py'], parameters: {}, data: [], metrics: [{ name: 'loss', points: [[1, 0.5]] }], outputs: [], seconds: null, peakMemoryBytes: null, cause: null,
}; // prettier-ignore

test.each([
  [['--lr', '0.1', '--epochs=3', '-v', 'data.csv'], { lr: '0.1', epochs: '3', v: 'data.csv' }],
  [['model.depth=4', 'file.csv', '--flag', '--lr', '-1'], { 'model.depth': '4', 'argument 1': 'file.csv', flag: 'true', lr: '-1' }],
  [['--api-key', 'abc', 'HF_TOKEN=x'], { 'api-key': '(not kept)', HF_TOKEN: '(not kept)' }],
])('%j are parameters', (args, expected) => {
  expect(parametersOf(args)).toEqual(expected);
}); // prettier-ignore

test('values of what is called like a secret are in no kept word', () => {
  expect(keptWords(['--api-key', 'abc', 'token=x', '--lr', '1', '--password=y'])).toEqual([
    '--api-key',
    '(not kept)',
    'token=(not kept)',
    '--lr',
    '1',
    '--password=(not kept)',
  ]);
});

test('records are kept in files, found by the beginning of an id, and gone when removed', async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'runs-'));
  const store = folderStore(join(folder.path, 'deep'));
  expect(await store.list()).toEqual([]);
  await store.put(RUN);
  await store.put({ ...RUN, id: 'aa11bb22cc34', started: '2026-02-02T03:04:05.000Z', project: 'other' });
  await writeFile(join(folder.path, 'deep', '000000000000.json'), 'broken');
  expect((await store.list()).map(({ id }) => id)).toEqual(['aa11bb22cc34', 'aa11bb22cc33']);
  expect(await store.list('iris')).toEqual([RUN]);
  expect((await store.get('aa11bb22cc33')).project).toBe('iris');
  await expect(store.get('aa11')).rejects.toThrow('several runs begin with aa11');
  await store.remove('aa11bb22cc34');
  await expect(store.get('aa11bb22cc34')).rejects.toThrow('there is no run');
});

test.each([
  [null, /no object/],
  [{ ...RUN, id: '../../etc' }, /hexadecimal/],
  [{ ...RUN, schemaVersion: 2 }, /schemaVersion is 2/],
  [{ ...RUN, status: 'odd' }, /status is none of/],
  [{ ...RUN, metrics: [{ name: 'x', points: [['a', 1]] }] }, /metrics/],
  [{ ...RUN, outputs: 'x' }, /outputs is no list/],
])('%j is refused', (body, why) => {
  expect(() => parseTrainingRun(body)).toThrow(expect.objectContaining({ why: expect.stringMatching(why) }));
});

const file = (path: string, modifiedMs = 1): Parameters<typeof dataFacts>[0][number] => ({
  path,
  bytes: 10,
  modifiedMs,
});

test('data is known by its folders and large files, and another time is another fingerprint', () => {
  const facts = dataFacts([file('data/a.csv'), file('data/b/c.bin'), file('train.csv'), file('app.py'), file('requirements.txt'), file('src/x.csv')]);
  expect(facts.map(({ path, files, bytes }) => [path, files, bytes])).toEqual([['data', 2, 20], ['train.csv', 1, 10]]);
  expect(dataFacts([file('train.csv', 2)])[0]?.fingerprint).not.toBe(facts[1]?.fingerprint);
}); // prettier-ignore

test('a repository says its commit and what differs, and no program that it names is run', async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'git-'));
  expect(await gitState(folder.path)).toEqual({ commit: null, isDirty: null, diff: null });
  const git = async (...words: string[]): Promise<unknown> => runProgram(['git', '-C', folder.path, '-c', 'user.name=a', '-c', 'user.email=a@b', ...words]); // prettier-ignore
  await git('init', '-q');
  await writeFile(join(folder.path, 'a.txt'), 'one\n');
  await git('add', 'a.txt');
  await git('commit', '-qm', 'first');
  expect(await gitState(folder.path)).toMatchObject({ commit: expect.stringMatching(/^[0-9a-f]{40}$/), isDirty: false, diff: null });
  await writeFile(join(folder.path, 'a.txt'), 'two\n');
  expect(await gitState(folder.path)).toMatchObject({ isDirty: true, diff: expect.stringContaining('+two') });
  const marker = join(folder.path, 'ran');
  await git('config', 'filter.evil.clean', `touch ${marker}`);
  await writeFile(join(folder.path, '.gitattributes'), '* filter=evil\n');
  expect(await gitState(folder.path)).toMatchObject({ isDirty: null, diff: null });
  await expect(runProgram(['test', '-e', marker])).rejects.toThrow();
}); // prettier-ignore

test("runs of MLflow's file store are taken over, twice the same", async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'mlflow-'));
  await expect(readMlflow(folder.path)).rejects.toThrow('holds no runs of MLflow');
  const place = join(folder.path, 'mlruns', '1', 'f00d');
  for (const name of ['params', 'tags', 'metrics/val']) await mkdir(join(place, name), { recursive: true });
  await writeFile(join(folder.path, 'mlruns', '1', 'meta.yaml'), "experiment_id: '1'\nname: wine\n");
  await writeFile(
    join(place, 'meta.yaml'),
    'run_id: f00d\nstart_time: 1700000000000\nend_time: 1700000010000\nstatus: 3\n',
  );
  await writeFile(join(place, 'params', 'alpha'), '0.5\n');
  await writeFile(join(place, 'tags', 'mlflow.source.git.commit'), 'abc');
  await writeFile(join(place, 'metrics', 'rmse'), '1700000001000 0.9 0\n1700000002000 0.7 1\n');
  await writeFile(join(place, 'metrics', 'val', 'loss'), '1700000001000 0.1 0\n');
  const [run] = await readMlflow(folder.path);
  expect(run).toMatchObject({
    project: 'wine', status: 'succeeded', seconds: 10, commit: 'abc', parameters: { alpha: '0.5' },
    metrics: [{ name: 'rmse', points: [[0, 0.9], [1, 0.7]] }, { name: 'val/loss', points: [[0, 0.1]] }],
  }); // prettier-ignore
  expect(await readMlflow(join(folder.path, 'mlruns'))).toEqual([run]);
  expect(() => parseTrainingRun(run)).not.toThrow();
});
