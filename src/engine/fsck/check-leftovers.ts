import { lstat, readdir, readlink, rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { removeTree } from '#lib/files/remove-tree.ts';
import { type Check, type Step, tell } from './check.ts';
import { cacheMountRows, layerRows, snapshotRows } from './rows.ts';

/** What is on its way gets its record within this time, milliseconds. */
const RECORDED_WITHIN_MS = 1000;
/** What was not touched for so long and is not open either is on no way, milliseconds. */
const UNTOUCHED_MS = 60_000;

const NOTHING: ReadonlySet<string> = new Set();

interface Place {
  folder: string;
  /** Names below the folder that belong there. */
  known: () => ReadonlySet<string>;
  /** Whether what is there comes and goes while work is done. */
  passes: boolean;
  what: string;
}

/** Files and folders in the data root that no record names. */
export async function* checkLeftovers(check: Check): AsyncGenerator<Step> {
  yield { phase: 'leftovers' };
  for (const place of placesOf(check)) yield* checkPlace(check, place);
}

function placesOf({ deps }: Check): Place[] {
  const { dataRoot, database } = deps;
  const passing = ['layers/.new', 'content/ingest', 'snapshots/.new', 'snapshots/.trash'];
  return [
    ...passing.map((name) => ({
      folder: join(dataRoot, name),
      known: () => NOTHING,
      passes: true,
      what: 'something half-done was left behind',
    })),
    {
      folder: join(dataRoot, 'layers'),
      known: () => new Set(['mnt', ...layerRows(database).map(({ file }) => file)]),
      passes: false,
      what: 'there is a layer file that no record names',
    },
    {
      folder: join(dataRoot, 'snapshots'),
      known: () => new Set(snapshotRows(database).map(({ directory }) => directory)),
      passes: false,
      what: 'there is a folder of a snapshot that no record names',
    },
    {
      folder: join(dataRoot, 'builder', 'caches'),
      known: () => new Set(cacheMountRows(database).map(({ folder }) => folder)),
      // One that is being filled gets its record when it is whole.
      passes: true,
      what: 'there is a cache of builds that no record names',
    },
  ];
}

async function* checkPlace(check: Check, place: Place): AsyncGenerator<Step> {
  const suspects = await unknownIn(place);
  if (suspects.length === 0) return;
  if (!place.passes) await sleep(RECORDED_WITHIN_MS);
  const still = new Set(await unknownIn(place));
  for (const name of suspects.filter((suspect) => still.has(suspect))) {
    const path = join(place.folder, name);
    if (place.passes && !(await isAbandoned(path))) continue;
    yield await tell(
      check,
      {
        kind: 'leftover',
        subject: path,
        what: place.what,
        why: `${path} is there, and nothing refers to it`,
        fix: 'run `berth fsck --repair`, which removes it',
      },
      async () => {
        const stats = await lstat(path);
        await (stats.isDirectory() ? removeTree(path) : rm(path, { force: true }));
        return 'it was removed';
      },
    );
  }
}

async function unknownIn({ folder, known }: Place): Promise<string[]> {
  const present = (await readdir(folder).catch(() => [])).filter((name) => !name.startsWith('.') || folder.endsWith('/.new')); // prettier-ignore
  const names = known();
  return present.filter((name) => !names.has(name));
}

/** Whether nobody works on it: this process has nothing of it open, and it did not change for a while. */
async function isAbandoned(path: string): Promise<boolean> {
  const stats = await lstat(path).catch(() => undefined);
  if (stats === undefined) return false;
  // What is being removed was moved there, which its time of change tells.
  const isRemoved = path.includes('/.trash/') || basename(path).startsWith('removed-');
  if (Date.now() - (isRemoved ? stats.ctimeMs : stats.mtimeMs) < UNTOUCHED_MS) return false;
  for (const fd of await readdir('/proc/self/fd')) {
    const target = await readlink(`/proc/self/fd/${fd}`).catch(() => '');
    if (target === path || target.startsWith(`${path}/`)) return false;
  }
  return true;
}
