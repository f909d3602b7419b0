import { join } from 'node:path';
import { importBusybox } from '../test/support/base-image.ts';
import { startEngine } from '../test/support/engine.ts';
import { racingTar } from '../test/hostile/racing-tar.ts';
import { startRacer } from '../test/hostile/racer.ts';
import { openWatchedPlace } from '../test/hostile/watched-place.ts';
import { defectOf, send } from './fuzz-support.ts';
import type { FaultOptions, FaultReport } from './support.ts';

/**
 * Copies archives to and from a container that runs, while a folder of it becomes a symbolic link to a folder of the host and back, thousands of
 * times a second. Nothing of the host may change or come out.
 */
export async function raceCopies({ rounds, onRound }: FaultOptions): Promise<FaultReport> {
  const report: FaultReport = { rounds, problems: [], counts: { taken: 0, refused: 0, swaps: 0 } };
  await using place = await openWatchedPlace();
  await using engine = await startEngine();
  await importBusybox(engine);
  const id = (await engine.docker('run', '-d', 'busybox', 'sleep', '1000000')).stdout.trim();
  const pid = (await engine.docker('inspect', '--format', '{{.State.Pid}}', id)).stdout.trim();
  const swapped = join('/proc', pid, 'root/raced');
  const body = racingTar('raced');
  await using racer = await startRacer(swapped, place.outside);
  for (let round = 0; round < rounds; round++) {
    onRound?.(round);
    const toRoot = await send(engine.socket, { method: 'PUT', path: `/containers/${id}/archive?path=/`, type: 'application/x-tar', body }); // prettier-ignore
    const toFolder = await send(engine.socket, { method: 'PUT', path: `/containers/${id}/archive?path=/raced`, type: 'application/x-tar', body }); // prettier-ignore
    const from = await send(engine.socket, { method: 'GET', path: `/containers/${id}/archive?path=/raced/`, type: 'text/plain', body: '' }); // prettier-ignore
    for (const answer of [toRoot, toFolder]) {
      report.counts[answer.status === 200 ? 'taken' : 'refused']! += 1;
      const defect = defectOf(answer);
      if (defect !== undefined) report.problems.push(`round ${round}: ${defect}`);
    }
    if (from.text.includes(HOST_TEXT)) report.problems.push(`round ${round}: the host's file came out`);
    const changes = await place.changes();
    if (changes.length > 0) report.problems.push(`round ${round}: ${changes.join(', ')}`);
  }
  report.counts['swaps'] = racer.swaps();
  return report;
}

/** Content of a file of the host, of which the archives that are copied in have a file of the same name with another one. */
const HOST_TEXT = 'secret of the host';
