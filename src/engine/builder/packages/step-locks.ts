import type { Database } from '#lib/sqlite.ts';
import { formatBuildLock, type LockedStep, type Resolution } from '#ml/packages/build-lock.ts';

/** What steps that install packages came to, by the step's key: also for those that are taken from an earlier build. */
export interface StepLocks {
  find(key: string): Resolution | undefined;
  put(key: string, resolution: Resolution): void;
}

/** Opens the table, and forgets what belongs to steps that are gone. */
export function openStepLocks(database: Database): StepLocks {
  database.exec('DELETE FROM build_locks WHERE step NOT IN (SELECT key FROM build_steps)');
  const one = database.prepare('SELECT resolution FROM build_locks WHERE step = ?');
  const insert = database.prepare(
    'INSERT INTO build_locks (step, resolution) VALUES (?, ?) ON CONFLICT (step) DO UPDATE SET resolution = excluded.resolution',
  );
  return {
    find(key) {
      const row = one.get(key);
      return row === undefined ? undefined : (JSON.parse(String(row['resolution'])) as Resolution);
    },
    put: (key, resolution) => void insert.run(key, JSON.stringify(resolution)),
  };
}

/** A step of a build that installs packages. */
export interface InstallingStep {
  key: string;
  stage: string;
  platform: string;
  command: string;
  /** Of stage and instruction, in the file. */
  position: readonly [stage: number, line: number];
}

/** The build.lock of a build; undefined if nothing was installed. */
export function buildLockOf(locks: StepLocks, steps: readonly InstallingStep[]): string | undefined {
  const found = steps
    .toSorted((a, b) => order(a, b))
    .flatMap(({ key, stage, platform, command }): LockedStep[] => {
      const resolution = locks.find(key);
      return resolution === undefined ? [] : [{ stage, platform, command, ...resolution }];
    })
    .filter(({ python, conda, apt }) => python.length + conda.length + apt.length > 0);
  return found.length === 0 ? undefined : formatBuildLock(found);
}

function order(a: InstallingStep, b: InstallingStep): number {
  if (a.platform !== b.platform) return a.platform < b.platform ? -1 : 1;
  return a.position[0] - b.position[0] || a.position[1] - b.position[1];
}
