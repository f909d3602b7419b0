import { writeFile } from 'node:fs/promises';
import { humanBytes } from '#api/progress.ts';
import type { ProfileRow } from '#api/build-profile.ts';
import { buildProfile, buildTrace } from '#client/build-records.ts';
import type { Client } from '#client/transport.ts';
import type { Output } from '../output/output.ts';
import type { Column } from '../output/table.ts';

const COLUMNS: readonly Column<ProfileRow>[] = [
  { title: 'STEP', text: ({ name }) => name, shrinks: true },
  { title: 'START', text: ({ startMs }) => seconds(startMs) },
  { title: 'TIME', text: ({ durationMs, isCached }) => (isCached ? 'cached' : seconds(durationMs)) },
  { title: 'BYTES', text: ({ bytes }) => (bytes > 0 ? humanBytes(bytes) : '') },
  { title: 'CRITICAL', text: ({ isCritical }) => (isCritical ? '*' : '') },
];

/** Prints the time of each step; with a path, writes a trace there: OTLP for names that say so, else one that Perfetto opens. */
export async function tellProfile(
  output: Output,
  client: Client,
  { ref, path }: { ref: string; path: string },
): Promise<void> {
  const { rows, wallMs, criticalMs } = await buildProfile(client, ref);
  output.table(COLUMNS, rows);
  output.note(`${seconds(wallMs)} in all, ${seconds(criticalMs)} of them on the longest chain of steps`);
  if (path === '') return;
  const trace = await buildTrace(client, { ref, form: /otlp/i.test(path) ? 'otlp' : 'perfetto' });
  await writeFile(path, trace);
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`;
}
