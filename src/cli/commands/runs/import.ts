import { readMlflow } from '#project/runs/import-mlflow.ts';
import { openRunStore } from '#project/runs/run-store.ts';
import { defineCommand } from '../../command.ts';

/** `berth runs import` */
export const importRuns = defineCommand({
  usage: 'FOLDER',
  details: "Takes over the runs of MLflow's file store (the folder mlruns). A second import changes nothing.",
  options: {},
  words: { min: 1, max: 1 },
  async run({ client, output }, { words: [folder = ''] }) {
    const runs = await readMlflow(folder);
    const store = await openRunStore(await client());
    for (const run of runs) await store.put(run);
    output.note(`took over ${runs.length} ${runs.length === 1 ? 'run' : 'runs'}`);
    return 0;
  },
});
