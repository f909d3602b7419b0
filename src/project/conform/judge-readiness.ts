import type { ImageDetails } from '#api/answers.ts';
import { explain } from '#ml/explain/explain.ts';
import {
  type CheckResult,
  type ConformOptions,
  type Contract,
  failed,
  type Outcome,
  passed,
  type Readiness,
} from './contract.ts';
import type { Started } from './start-subject.ts';

/** Whether a container got ready, and if not, what its end or its log says of the reason. */
export async function judgeReadiness(
  contract: Contract,
  { image, started, readiness }: { image: ImageDetails; started: Started; readiness: Readiness },
  options: ConformOptions,
): Promise<CheckResult> {
  const inner = options.port ?? contract.port;
  const path = contract.readyPath(options);
  const port = inner === undefined ? 'its port' : `port ${inner}`;
  const how = contract.command === undefined ? '' : ` with the argument ${contract.command.join(' ')}`;
  const check = { name: 'gets-ready', demand: `started${how}, it answers GET ${path} on ${port}` };
  if (readiness.readyMs !== undefined)
    return { ...check, outcome: passed(`after ${(readiness.readyMs / 1000).toFixed(1)} s`) };
  const { running, exitCode, oomKilled } = await started.state();
  const log = await started.lastWords();
  if (!running) return { ...check, outcome: ended(contract, { exitCode, oomKilled, log }) };
  const { listensMs, before } = readiness;
  const meaning = explain(log);
  const seen =
    listensMs === undefined ? `nothing answered on ${port}` : `it answered, but was not ready (${before.join(', ')})`;
  const usual =
    listensMs === undefined
      ? `let it listen on 0.0.0.0, ${port}${otherPorts(image, inner)}`
      : `answer GET ${path} when the model is loaded; --timeout gives it longer`;
  const why = meaning === undefined ? seen : `${seen}: ${meaning.cause}`;
  return { ...check, outcome: failed(why, meaning?.fix ?? usual) };
}

function ended(
  { command }: Contract,
  { exitCode, oomKilled, log }: { exitCode: number; oomKilled: boolean; log: string },
): Outcome {
  const meaning = explain(log, { exitCode, oomKilled });
  const why = `it ended with exit code ${exitCode}${meaning === undefined ? '' : `: ${meaning.cause}`}`;
  const usual =
    command === undefined ? 'its last words say more' : `let its entry point understand ${command.join(' ')}`;
  return failed(why, meaning?.fix ?? usual);
}

/** What else the image says it listens on. */
function otherPorts({ Config }: ImageDetails, inner: number | undefined): string {
  const ports = Object.keys(Config?.ExposedPorts ?? {}).flatMap((port) => /^(\d+)\/tcp$/.exec(port)?.[1] ?? []);
  const other = ports.find((port) => port !== String(inner));
  return other === undefined ? '' : `; the image exposes ${other}, which --port ${other} asks`;
}
