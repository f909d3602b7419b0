import { progressText, type ProgressMessage } from '#api/progress.ts';

const INTERVAL_MS = 100;

/** Tells how far the layers of an archive are, in Docker's words. @param write takes each message */
export function createLoadReport(
  write: (message: ProgressMessage) => void,
): (path: string, progress: { current: number; total: number }) => void {
  let toldAt = 0;
  return (path, { current, total }) => {
    if (current < total && Date.now() - toldAt < INTERVAL_MS) return;
    toldAt = Date.now();
    const progress = progressText(current, total);
    write({ status: 'Loading layer', progressDetail: { current, total }, progress, id: shortId(path) });
  };
}

/** Twelve digits of the digest that names the file, or its folder in older archives. */
function shortId(path: string): string {
  return (/[0-9a-f]{64}/.exec(path)?.[0] ?? path).slice(0, 12);
}
