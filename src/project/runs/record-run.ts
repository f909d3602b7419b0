import { randomBytes } from 'node:crypto';
import type { TrainingRun } from '#api/training-run.ts';
import type { Client } from '#client/transport.ts';
import { openMetricReader } from '#ml/training/read-metrics.ts';
import type { DiskFile } from '../open-tree.ts';
import { dataFacts } from './data-facts.ts';
import { gitState } from './git-state.ts';
import { parametersOf } from './parameters.ts';
import { openRunStore } from './run-store.ts';

/** What is known of a training before it starts. */
export interface RunBeginning {
  project: string;
  directory: string;
  image: string;
  command: readonly string[];
  args: readonly string[];
  files: readonly DiskFile[];
}

/** What became of it. */
export interface RunEnd {
  status: 'succeeded' | 'failed' | 'stopped';
  exitCode: number | null;
  seconds: number | null;
  peakMemoryBytes: number | null;
  outputs: readonly { path: string; bytes: number }[];
  cause: string | null;
}

/** A training that is being recorded. */
export interface RunRecorder {
  id: string;
  /** Looks for metrics in what it writes. */
  hear(bytes: Uint8Array): void;
  end(end: RunEnd): Promise<void>;
}

const SAVE_EVERY_MS = 5000;

/** Records a training from its start on, so that one whose command was killed is known, too. */
export async function recordRun(client: Client, beginning: RunBeginning): Promise<RunRecorder> {
  const { project, directory, image, command, args, files } = beginning;
  const [store, git] = await Promise.all([openRunStore(client), gitState(directory)]);
  let run: TrainingRun = {
    schemaVersion: 1, id: randomBytes(6).toString('hex'), project, directory, started: new Date().toISOString(), ended: null, status: 'running', exitCode: null,
    ...git, image, command, parameters: parametersOf(args), data: dataFacts(files), metrics: [], outputs: [], seconds: null, peakMemoryBytes: null, cause: null,
  }; // prettier-ignore
  await store.put(run);
  const reader = openMetricReader();
  const decoder = new TextDecoder();
  let rest = '';
  let saving = Promise.resolve();
  const save = (): void => {
    run = { ...run, metrics: reader.metrics() };
    saving = saving.then(async () => store.put(run)).catch(() => {});
  };
  const timer = setInterval(save, SAVE_EVERY_MS).unref();
  return {
    id: run.id,
    hear(bytes) {
      const lines = (rest + decoder.decode(bytes, { stream: true })).split('\n');
      rest = (lines.pop() ?? '').slice(-4096);
      for (const line of lines) reader.read(line);
    },
    async end(ended) {
      clearInterval(timer);
      if (rest !== '') reader.read(rest);
      await saving;
      run = { ...run, ...ended, ended: new Date().toISOString(), metrics: reader.metrics() };
      await store.put(run);
    },
  };
}
