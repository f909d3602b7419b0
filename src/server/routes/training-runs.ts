import { parseTrainingRun } from '#api/training-run.ts';
import type { TrainingRuns } from '#engine/runs/training-runs.ts';
import { InvalidArgumentError } from '#lib/errors.ts';
import type { Route } from '../route.ts';

/** What these routes need of the engine. */
export interface TrainingRunsBackend {
  trainingRuns: TrainingRuns;
}

/** Trainings: what they were given, and what came of them. */
export function trainingRunRoutes({ trainingRuns }: TrainingRunsBackend): readonly Route[] {
  return [
    [
      'GET',
      '/berth/runs',
      async (call) => call.send(200, { runs: trainingRuns.list(call.query.get('project') ?? undefined) }),
    ],
    ['GET', '/berth/runs/:id', async (call) => call.send(200, trainingRuns.get(call.params['id'] ?? ''))],
    [
      'PUT',
      '/berth/runs/:id',
      async (call) => {
        const run = parseTrainingRun(await call.ownJson());
        if (run.id !== call.params['id'])
          throw new InvalidArgumentError('the record is of another run than its address');
        trainingRuns.put(run);
        call.send(204);
      },
    ],
    [
      'DELETE',
      '/berth/runs/:id',
      async (call) => {
        trainingRuns.remove(call.params['id'] ?? '');
        call.send(204);
      },
    ],
  ];
}
