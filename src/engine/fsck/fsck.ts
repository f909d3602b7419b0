import type { FsckFinding, FsckMessage } from '#api/fsck.ts';
import { BerthError } from '#lib/errors.ts';
import { checkDatabase } from './check-database.ts';
import { checkImages } from './check-images.ts';
import { checkLayers } from './check-layers.ts';
import { checkLeftovers } from './check-leftovers.ts';
import { checkMounts } from './check-mounts.ts';
import { checkRecords } from './check-records.ts';
import { checkSnapshots } from './check-snapshots.ts';
import { type Check, type CheckDeps, type CheckOptions, type Step, tell } from './check.ts';
import { readImageUses } from './image-uses.ts';

/** Progress is told this often, milliseconds. */
const PROGRESS_MS = 100;

const CHECKS = [checkDatabase, checkLayers, checkSnapshots, checkImages, checkRecords, checkLeftovers, checkMounts];

/**
 * Compares every record of the store with what is on the disk, and mends what can be mended where that is asked for. The engine may
 * go on with its work: nothing is removed meanwhile, and what is just being written is no finding.
 * @returns messages as they come; the summary is the last
 */
export async function* checkStore(deps: CheckDeps, options: CheckOptions): AsyncGenerator<FsckMessage> {
  // Damage found in a first proof is not a finding of its own: the layers are looked at after it.
  if (!options.fast) {
    yield { progress: { phase: 'what came just before a power cut', current: 0, total: 0 } };
    await deps.layers.proven();
  }
  using _ = deps.images.lease();
  const began = performance.now();
  const check: Check = { deps, options, uses: await readImageUses(deps.images.context) };
  const findings: FsckFinding[] = [];
  const counts = { images: deps.images.context.records.list().length, layers: deps.layers.list().length, snapshots: (await deps.snapshots.list()).length }; // prettier-ignore
  const total = options.fast ? 0 : bytesToRead(deps);
  let bytes = 0;
  for (const run of CHECKS)
    for await (const progress of withProgress(toItsEnd(check, run))) {
      if ('finding' in progress) findings.push(progress.finding);
      bytes += progress.read;
      if ('finding' in progress) yield { finding: progress.finding };
      else yield { progress: { phase: progress.phase, current: bytes, total: Math.max(total, bytes) } };
    }
  const left = findings.filter(({ outcome }) => outcome === 'left');
  const hurt = [...new Set(findings.flatMap(({ images }) => images))];
  const milliseconds = Math.round(performance.now() - began);
  yield {
    summary: { ...counts, bytes, milliseconds, repaired: findings.length - left.length, left: left.length, hurt },
  };
}

/** One check that fails does not keep the others from being made. */
async function* toItsEnd(check: Check, run: (check: Check) => AsyncIterable<Step>): AsyncGenerator<Step> {
  try {
    yield* run(check);
  } catch (error) {
    if (check.options.signal?.aborted === true || !(error instanceof BerthError)) throw error;
    const { message, why, hint } = error;
    yield await tell(check, {
      kind: 'check',
      subject: run.name,
      what: 'a part of the check could not be done',
      why: why === undefined ? message : `${message}: ${why}`,
      fix: hint ?? 'repair what else was found, and check again',
    });
  }
}

type Told = { read: number } & ({ finding: FsckFinding } | { phase: string });

/** Joins what was read into few messages. */
async function* withProgress(steps: AsyncIterable<Step>): AsyncGenerator<Told> {
  let read = 0;
  let phase = '';
  let last = performance.now();
  for await (const step of steps) {
    if ('read' in step) read += step.read;
    if ('phase' in step) phase = step.phase;
    if ('finding' in step) yield { read: 0, finding: step.finding };
    else if ('phase' in step || performance.now() - last > PROGRESS_MS) {
      yield { read, phase };
      read = 0;
      last = performance.now();
    }
  }
  if (read > 0) yield { read, phase };
}

/** The tars of all layers, and the files of those that are folders. */
function bytesToRead({ layers }: CheckDeps): number {
  return layers.list().reduce((sum, { tarBytes, state }) => sum + (state === 'donor' ? 0 : tarBytes), 0);
}
