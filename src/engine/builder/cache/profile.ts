import type { BuildProfile } from '#api/build-profile.ts';
import type { BuildRecord, RecordedStep } from './build-record.ts';

/** Makes the table of a build; vertices that only change the config are left out unless they took time. */
export function profileBuild(record: BuildRecord): BuildProfile {
  const { steps, started, completed } = record;
  const path = criticalPath(steps);
  const rows = steps
    .filter((step) => !step.isMinor || durationOf(step) >= 10)
    .map((step) => ({
      name: step.name,
      startMs: step.started - started,
      durationMs: durationOf(step),
      isCached: step.isCached,
      bytes: step.bytes ?? 0,
      why: step.why?.text ?? '',
      isCritical: path.has(step),
    }));
  const end = completed ?? Math.max(started, ...steps.map((step) => step.completed ?? step.started));
  return { wallMs: end - started, criticalMs: [...path].reduce((sum, step) => sum + durationOf(step), 0), rows };
}

function durationOf({ started, completed }: RecordedStep): number {
  return completed === undefined ? 0 : completed - started;
}

/** From the vertex that ended last back to what it waited for: each time the one among its inputs that ended last. */
function criticalPath(steps: readonly RecordedStep[]): Set<RecordedStep> {
  const byDigest = new Map(steps.map((step) => [step.digest, step]));
  const path = new Set<RecordedStep>();
  for (let step = latest(steps); step !== undefined && !path.has(step);) {
    path.add(step);
    const { inputs, started } = step;
    const before = steps.filter((one) => one.completed !== undefined && one.completed <= started && !path.has(one));
    const needed = inputs.flatMap((digest) => byDigest.get(digest) ?? []);
    step = latest(needed.length > 0 ? needed : before);
  }
  return path;
}

function latest(steps: readonly RecordedStep[]): RecordedStep | undefined {
  return steps.toSorted((a, b) => (b.completed ?? 0) - (a.completed ?? 0))[0];
}
