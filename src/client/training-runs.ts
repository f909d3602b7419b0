import type { TrainingRun } from '#api/training-run.ts';
import { callJson, callVoid, part } from './call.ts';
import type { Client } from './transport.ts';

/** `GET /berth/runs`: newest first. */
export async function listTrainingRuns(client: Client, project?: string): Promise<TrainingRun[]> {
  const { runs } = await callJson<{ runs: TrainingRun[] }>(client, ['GET', '/berth/runs'], { query: { project } });
  return runs;
}

/** `GET /berth/runs/{id}`. @throws {NotFoundError} */
export async function getTrainingRun(client: Client, id: string): Promise<TrainingRun> {
  return callJson(client, ['GET', `/berth/runs/${part(id)}`]);
}

/** `PUT /berth/runs/{id}` */
export async function putTrainingRun(client: Client, run: TrainingRun): Promise<void> {
  await callVoid(client, ['PUT', `/berth/runs/${part(run.id)}`], { json: run });
}

/** `DELETE /berth/runs/{id}`. @throws {NotFoundError} */
export async function removeTrainingRun(client: Client, id: string): Promise<void> {
  await callVoid(client, ['DELETE', `/berth/runs/${part(id)}`]);
}
