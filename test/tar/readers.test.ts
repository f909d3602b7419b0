import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { mkdtempDisposable, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { decompress } from '#lib/compression/decompress.ts';
import { type ListedEntry, type Listing, readListing } from './read-listing.ts';

// Archives that Go and Python test their own readers with, read by all three. They come with the Debian packages golang-src and
// libpython3-testsuite; folders named in BERTH_TAR_ARCHIVES (with colons between) are searched as well.

function tryRun(program: string, ...words: string[]): string {
  try {
    return execFileSync(program, words, {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
      maxBuffer: 1e9,
    }).trim();
  } catch {
    return '';
  }
}

const goRoot = tryRun('go', 'env', 'GOROOT');
const pythonTests = tryRun('python3', '-c', 'import sysconfig; print(sysconfig.get_path("stdlib") + "/test")');
const folders = [
  ...(goRoot === '' ? [] : [join(goRoot, 'src/archive/tar/testdata')]),
  ...(pythonTests === '' ? [] : [pythonTests, join(pythonTests, 'archivetestdata')]),
  ...(process.env['BERTH_TAR_ARCHIVES'] ?? '').split(':').filter(Boolean),
].filter((folder) => existsSync(folder));

/** Archives by file name; of those that occur twice the first. */
const archives = new Map<string, string>();
for (const folder of folders)
  for (const name of readdirSync(folder).toSorted())
    if (/\.tar(?:\.base64|\.bz2|\.xz)?$/.test(name) && !archives.has(name)) archives.set(name, join(folder, name));

async function plainBytes(path: string): Promise<Buffer> {
  const file = readFileSync(path);
  if (path.endsWith('.base64')) return Buffer.from(file.toString('latin1'), 'base64');
  async function* source(): AsyncGenerator<Uint8Array> {
    yield file;
  }
  return Buffer.concat(await Array.fromAsync(decompress(source())));
}

/** Types that are read as a file, and those that have no content. */
const FILE_TYPES = ['0', '\0', '7', 'S'].map((type) => String(type.charCodeAt(0)));
const BARE_TYPES = ['1', '2', '3', '4', '5', '6'].map((type) => String(type.charCodeAt(0)));

/** The listing of another reader in our terms. Types that no engine unpacks end it, as they end ours. */
function inOurTerms({ entries, failed }: Listing): Listing {
  const found: ListedEntry[] = [];
  for (const entry of entries) {
    if (FILE_TYPES.includes(entry.type)) found.push({ ...entry, type: FILE_TYPES[0] ?? '' });
    else if (BARE_TYPES.includes(entry.type)) found.push({ ...entry, size: 0, sha256: EMPTY_HASH });
    else if (entry.type !== SOLARIS_TYPE) return { entries: found, failed: true };
  }
  return { entries: found, failed };
}

const EMPTY_HASH = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855';

/** Go lists Solaris' PAX headers as entries, and engines that use it refuse them. Python and we read them. */
const SOLARIS_TYPE = String('X'.charCodeAt(0));

/** Python takes the last slash from the names of folders. */
function withoutSlashes({ entries, failed }: Listing): Listing {
  return { entries: entries.map((entry) => ({ ...entry, name: withoutSlash(entry.name) })), failed };
}

function withoutSlash(name: string): string {
  const plain = Buffer.from(name, 'base64').toString('latin1').replace(/\/+$/, '');
  return Buffer.from(plain, 'latin1').toString('base64');
}

type Exceptions = Readonly<Record<string, string>>;

/** A listing without the entries that are named as exceptions. */
function without(exceptions: Exceptions, archive: string, { entries, failed }: Listing): Listing {
  const isKept = ({ name }: ListedEntry): boolean => !(`${archive}#${Buffer.from(name, 'base64').toString('latin1')}` in exceptions); // prettier-ignore
  return { entries: entries.filter(isKept), failed };
}

/** Where Go reads otherwise than we do, and why that stays so: by archive, or archive and entry. */
const GO_EXCEPTIONS: Exceptions = {
  'pax-path-hdr.tar': 'ends behind a PAX header: to Go that is the end, to us an archive that was cut off',
  'testtar.tar#misc/regtype-suntar': "the time is in Solaris' PAX header, which Go does not read",
};

/** Where Python reads otherwise than Go; there we do as Go does, because other engines do. */
const PYTHON_EXCEPTIONS: Exceptions = {
  'gnu-multi-hdrs.tar': 'of several long names before an entry Python takes the first',
  'pax-multi-hdrs.tar': 'of several PAX headers before an entry Python takes the first',
  'pax-global-records.tar': 'global PAX headers hold for all entries in Python, for none in engines',
  'testtar.tar#pax/regtype1': 'its group is in a global PAX header',
  'testtar.tar#pax/regtype2': 'its group is in a global PAX header',
  'testtar.tar#pax/bad-pax-\u00e4\u00f6\u00fc': 'its owner is in a global PAX header',
  'gnu-sparse-many-zeros.tar.bz2': 'the map of a sparse file is larger than Go and we allow',
  'pax-bad-hdr-file.tar': 'Python skips a PAX header that is malformed',
  'pax-bad-hdr-large.tar.bz2': 'Python has no limit for PAX headers',
  'pax-nul-path.tar': 'Python takes a path with a zero byte',
  'pax-nul-xattrs.tar': 'Python takes the name of an attribute with a zero byte',
  'pax-nil-sparse-data.tar': 'Python gives the stored size of this sparse file',
  'pax-nil-sparse-hole.tar': 'Python gives the stored size of this sparse file',
  'pax-sparse-big.tar': 'Python gives the stored size of this sparse file',
  'pax-sparse-big.tar.base64': 'Python gives the stored size of this sparse file',
};

async function listAll(
  reader: 'go' | 'python',
  exceptions: Exceptions,
): Promise<Map<string, { ours: Listing; theirs: Listing }>> {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'readers-'));
  const paths: string[] = [];
  const ours: Listing[] = [];
  for (const [name, path] of archives) {
    if (name in exceptions) continue;
    const bytes = await plainBytes(path);
    paths.push(join(folder.path, name));
    await writeFile(paths.at(-1) ?? '', bytes);
    ours.push(readListing(bytes));
  }
  const words =
    reader === 'go'
      ? ['go', 'run', join(import.meta.dirname, 'list-tar.go')]
      : ['python3', join(import.meta.dirname, 'list_tar.py')];
  const printed = execFileSync(words[0] ?? '', [...words.slice(1), ...paths], { encoding: 'utf8', maxBuffer: 1e9 });
  const theirs = printed.trim().split('\n').map((line) => inOurTerms(JSON.parse(line) as Listing)); // prettier-ignore
  return new Map(paths.map((path, index) => [basename(path), { ours: ours[index]!, theirs: theirs[index]! }]));
}

describe.skipIf(archives.size === 0)('archives that other readers are tested with (skipped without them)', () => {
  test.skipIf(goRoot === '')('are read as Go reads them', async () => {
    const listings = await listAll('go', GO_EXCEPTIONS);
    expect(listings.size).toBeGreaterThan(0);
    for (const [name, { ours, theirs }] of listings)
      expect(without(GO_EXCEPTIONS, name, ours), name).toEqual(without(GO_EXCEPTIONS, name, theirs));
  });

  test.skipIf(pythonTests === '')('are read as Python reads them', async () => {
    const listings = await listAll('python', PYTHON_EXCEPTIONS);
    expect(listings.size).toBeGreaterThan(0);
    for (const [name, listing] of listings) {
      const compared = (one: Listing): Listing => withoutSlashes(without(PYTHON_EXCEPTIONS, name, one));
      expect(compared(listing.ours), name).toEqual(compared(listing.theirs));
    }
  });
});
