import { humanBytes } from '#api/progress.ts';
import type { TreeFile } from '#ml/files.ts';
import type { ContextFilter } from './pack-context.ts';
import type { Report } from './report.ts';

const LARGE_BYTES = 500_000_000;
const NAMED = 3;

/** Says what makes a build's context large: every byte of it is read, sent and kept in the image. */
export function warnAboutSize(files: readonly TreeFile[], filter: ContextFilter | undefined, report: Report): void {
  const sent = files.filter(({ path }) => filter?.excludes(path) !== true);
  const total = sent.reduce((sum, { bytes }) => sum + bytes, 0);
  if (total < LARGE_BYTES) return;
  const largest = sent.toSorted((a, b) => b.bytes - a.bytes).slice(0, NAMED);
  const names = largest.map(({ path, bytes }) => `${path} (${humanBytes(bytes)})`).join(', ');
  report.warn(
    `${humanBytes(total)} go into the build, most of it ${names}: what the app does not need belongs in .dockerignore`,
  );
}
