import type { ContainerRecord } from './record.ts';

const FIRST_DELAY_MS = 100;
const LONGEST_DELAY_MS = 60_000;
/** Who ran this long starts again with the first delay. */
const SETTLED_MS = 10_000;

/** How long to wait before a container that ended is started again; undefined if it is not. The wait doubles with each restart. */
export function restartDelay(
  {
    hostConfig,
    restartCount,
    manuallyStopped,
  }: Pick<ContainerRecord, 'hostConfig' | 'restartCount' | 'manuallyStopped'>,
  { exitCode, ranMs }: { exitCode: number; ranMs: number },
): number | undefined {
  const { name, maximumRetryCount } = hostConfig.restartPolicy;
  if (manuallyStopped) return undefined;
  const isWanted =
    name === 'always' ||
    name === 'unless-stopped' ||
    (name === 'on-failure' && exitCode !== 0 && (maximumRetryCount === 0 || restartCount < maximumRetryCount));
  if (!isWanted) return undefined;
  if (ranMs >= SETTLED_MS) return FIRST_DELAY_MS;
  return Math.min(FIRST_DELAY_MS * 2 ** Math.min(restartCount, 20), LONGEST_DELAY_MS);
}
