import { readFile, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { UnavailableError } from '#lib/errors.ts';
import { run } from '#lib/run.ts';

/** Where the launcher notes the system packages that it installed. */
const ADDED = '/var/lib/berth-packages/added';

/** How a distribution says what is installed, and removes only what nothing else needs. */
interface Packager {
  list: readonly [string, ...string[]];
  remove: readonly [string, ...string[]];
}

const PACKAGERS: readonly Packager[] = [
  {
    list: ['dpkg-query', '--show', '--showformat=${db:Status-Abbrev}${Package}\n'],
    remove: ['dpkg', '--purge'],
  },
  { list: ['rpm', '--query', '--all', '--queryformat', 'ii %{NAME}\n'], remove: ['rpm', '--erase'] },
  { list: ['pacman', '--query', '--quiet'], remove: ['pacman', '--remove', '--noconfirm'] },
];

/** Packages that came to this host for Berth and are still there. */
export async function addedPackages(): Promise<string[]> {
  const noted = (await readFile(ADDED, 'utf8').catch(() => '')).split('\n').filter((name) => /^[\w.+:-]+$/.test(name));
  if (noted.length === 0) return [];
  const there = await installed();
  return [...new Set(noted)].filter((name) => there.has(name));
}

/** Removes them; one that something else needs by now stays. @returns those that are gone */
export async function removePackages(names: readonly string[]): Promise<string[]> {
  const packager = await findPackager();
  if (packager === undefined) return [];
  // All at once, for they need each other; then one by one, so that one that must stay does not keep the rest.
  await run([...packager.remove, ...names], { allowFailure: true });
  let left = await stillThere(names);
  for (let before = left.length + 1; left.length > 0 && left.length < before;) {
    before = left.length;
    for (const name of left) await run([...packager.remove, name], { allowFailure: true });
    left = await stillThere(left);
  }
  await rm(dirname(ADDED), { recursive: true, force: true });
  return names.filter((name) => !left.includes(name));
}

async function stillThere(names: readonly string[]): Promise<string[]> {
  const there = await installed();
  return names.filter((name) => there.has(name));
}

async function installed(): Promise<Set<string>> {
  const packager = await findPackager();
  if (packager === undefined) return new Set();
  const { stdout } = await run(packager.list, { allowFailure: true });
  const lines = stdout.split('\n').filter((line) => packager.list[0] === 'pacman' || line.startsWith('ii'));
  return new Set(lines.map((line) => line.replace(/^ii\s*/, '').trim()));
}

async function findPackager(): Promise<Packager | undefined> {
  for (const packager of PACKAGERS) {
    const [program] = packager.list;
    const found = await run([program, '--version'], { allowFailure: true }).then(
      ({ code }) => code === 0,
      (error: unknown) => {
        if (error instanceof UnavailableError) return false;
        throw error;
      },
    );
    if (found) return packager;
  }
  return undefined;
}
