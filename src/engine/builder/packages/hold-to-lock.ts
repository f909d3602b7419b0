import { chmod, mkdtemp, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { InvalidArgumentError } from '#lib/errors.ts';
import { openRoot } from '#lib/files/open-root.ts';
import {
  aptPreferencesOf,
  constraintsOf,
  departuresFrom,
  type LockedStep,
  parseBuildLock,
  type Resolution,
} from '#ml/packages/build-lock.ts';

/** What a step is given so that it installs what is locked. */
export interface Holding {
  env: readonly string[];
  mounts: readonly { source: string; destination: string; options: readonly string[] }[];
}

const CONSTRAINTS = '/run/berth/lock/constraints.txt';
const PREFERENCES = '/etc/apt/preferences.d';
const ANEW = 'build once without --locked to write build.lock anew';

/**
 * What a build.lock says of a step.
 * @throws {InvalidArgumentError} if it does not know it
 */
export function lockedStep(text: string, wanted: Pick<LockedStep, 'stage' | 'platform' | 'command'>): LockedStep {
  const found = parseBuildLock(text).find(
    ({ stage, platform, command }) =>
      stage === wanted.stage && platform === wanted.platform && command === wanted.command,
  );
  if (found !== undefined) return found;
  throw new InvalidArgumentError(`build.lock has nothing for RUN ${wanted.command}`, {
    why: `the step is new in stage ${wanted.stage} for ${wanted.platform}, or its command was changed`,
    hint: ANEW,
  });
}

/** Files that pip, uv and apt read their versions from; the tree keeps no trace of them. */
export async function holdToLock(
  locked: Resolution,
  { scratch, tree, env }: { scratch: string; tree: string; env: readonly string[] },
): Promise<Holding> {
  const folder = await mkdtemp(join(scratch, 'lock-'));
  await chmod(folder, 0o755);
  const mounts: Holding['mounts'][number][] = [];
  const added: string[] = [];
  const constraints = constraintsOf(locked);
  if (constraints.length > 0) {
    const source = join(folder, 'constraints.txt');
    await writeFile(source, `${constraints.join('\n')}\n`);
    mounts.push({ source, destination: CONSTRAINTS, options: ['ro'] });
    for (const name of ['PIP_CONSTRAINT', 'UV_CONSTRAINT']) {
      const own = env.find((entry) => entry.startsWith(`${name}=`))?.slice(name.length + 1) ?? '';
      added.push(`${name}=${own === '' ? CONSTRAINTS : `${own} ${CONSTRAINTS}`}`);
    }
  }
  if (locked.conda.length > 0)
    added.push(`CONDA_PINNED_PACKAGES=${locked.conda.map(({ name, version }) => `${name}=${version}`).join('&')}`);
  if (locked.apt.length > 0 && hasFolder(tree, PREFERENCES)) {
    const source = join(folder, 'preferences');
    await writeFile(source, aptPreferencesOf(locked));
    mounts.push({ source, destination: `${PREFERENCES}/berth-lock`, options: ['ro'] });
  }
  return { env: added, mounts };
}

function hasFolder(tree: string, path: string): boolean {
  using root = openRoot(tree);
  try {
    return root.stat(path)?.isDirectory() === true;
  } catch {
    return false;
  }
}

/** @throws {InvalidArgumentError} if a step has not installed what is locked */
export function checkHeld(locked: LockedStep, found: Resolution): void {
  const departures = departuresFrom(locked, found);
  if (departures.length === 0) return;
  throw new InvalidArgumentError(`RUN ${locked.command} did not install what build.lock has`, {
    why: departures.slice(0, 10).join('\n'),
    hint: ANEW,
  });
}

/** Why a step that is held to versions may have failed; undefined if its last lines do not tell that one is gone. */
export function missingVersion(tail: readonly string[]): string | undefined {
  const patterns = [
    /The user requested \(constraint\) (\S+)/,
    /No matching distribution found for (\S+)/,
    /Could not find a version that satisfies the requirement (\S+)/,
    /there is no version of (\S+)/,
    /Version '(\S+)' for '\S+' was not found/,
  ];
  for (const line of tail)
    for (const pattern of patterns) {
      const found = pattern.exec(line)?.[1];
      if (found !== undefined) return `${found}, which build.lock asks for, cannot be had any more; ${ANEW}`;
    }
  return undefined;
}
