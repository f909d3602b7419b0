import { chmod, mkdir, mkdtempDisposable, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { InternalError, UnavailableError } from '#lib/errors.ts';
import { debianSources, type Mirror, sourceLines, withoutCredentials } from './mirror.ts';
import { FINISH_ROOT, HOOK, INSTALL_PYTHON, LAYOUT_PY } from './python-layout.ts';
import { type Recipe, SUITES, type Suite } from './recipes.ts';
import { runGroup } from './run-group.ts';

export interface BootstrapOptions {
  mirror: Mirror;
  signal?: AbortSignal | undefined;
  /** Called with one line of what is going on. */
  onProgress?: ((line: string) => void) | undefined;
}

/** Times of files in the tar are no later than this, so that the same packages give the same bytes. */
const EPOCH_SECONDS = 1_767_225_600;

/** Of mmdebstrap's package; without it the package usrmerge brings all of Perl. */
const MERGED_USR_HOOKS = '/usr/share/mmdebstrap/hooks/merged-usr';

const SLIM_EXCLUDES = [
  'path-exclude=/usr/share/doc/*',
  'path-include=/usr/share/doc/*/copyright',
  'path-exclude=/usr/share/groff/*',
  'path-exclude=/usr/share/info/*',
  'path-exclude=/usr/share/linda/*',
  'path-exclude=/usr/share/lintian/*',
  'path-exclude=/usr/share/locale/*',
  'path-include=/usr/share/locale/locale.alias',
  'path-exclude=/usr/share/man/*',
];

/** apt settings of the official images: no package files, translations or lists stay in a layer. */
const APT_SETTINGS: Readonly<Record<string, string>> = {
  'docker-clean': [
    'DPkg::Post-Invoke { "rm -f /var/cache/apt/archives/*.deb /var/cache/apt/archives/partial/*.deb /var/cache/apt/*.bin || true"; };',
    'APT::Update::Post-Invoke { "rm -f /var/cache/apt/archives/*.deb /var/cache/apt/archives/partial/*.deb /var/cache/apt/*.bin || true"; };',
    'Dir::Cache::pkgcache ""; Dir::Cache::srcpkgcache "";',
  ].join('\n'),
  'docker-gzip-indexes': 'Acquire::GzipIndexes "true"; Acquire::CompressionTypes::Order:: "gz";',
  'docker-no-languages': 'Acquire::Languages "none";',
  'docker-autoremove-suggests': 'Apt::AutoRemove::SuggestsImportant "false";',
};

/**
 * Makes the root file system of a recipe as an uncompressed tar at `path`.
 * @returns the exact version of Python that is in it
 * @throws {UnavailableError} if mmdebstrap is missing or the packages cannot be fetched
 */
export async function bootstrap(
  recipe: Recipe & { suite: Suite },
  path: string,
  options: BootstrapOptions,
): Promise<{ pythonVersion: string | undefined }> {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'berth-base-'));
  await chmod(folder.path, 0o755);
  await writeHook(recipe, folder.path, options.mirror);
  const include = [
    ...(recipe.suite === 'bullseye' ? [] : ['usr-is-merged']),
    ...(recipe.kind === 'python' ? SUITES[recipe.suite].libraries : []),
  ];
  const valid = options.mirror.checkValidUntil ? [] : ['--aptopt=Acquire::Check-Valid-Until "false"'];
  const output = lines(options.onProgress);
  const result = await runGroup(
    [
      'mmdebstrap',
      '--variant=minbase',
      '--format=tar',
      '--skip=chroot/policy-rc.d',
      ...(include.length === 0 ? [] : [`--include=${include.join(',')}`]),
      ...(recipe.suite === 'bullseye' ? [] : [`--hook-dir=${MERGED_USR_HOOKS}`]),
      ...valid,
      ...(recipe.slim ? SLIM_EXCLUDES.map((option) => `--dpkgopt=${option}`) : []),
      `--customize-hook=${join(folder.path, 'hook')}`,
      recipe.suite,
      path,
      ...sourceLines(options.mirror, recipe.suite),
    ],
    { signal: options.signal, env: environment(), onOutput: output.push },
  );
  if (result.code !== 0) throw failure(recipe, result);
  return { pythonVersion: /^berth-python: (\S+)$/m.exec(result.stdout + result.stderr)?.[1] };
}

async function writeHook(recipe: Recipe & { suite: Suite }, folder: string, mirror: Mirror): Promise<void> {
  const { suite } = recipe;
  const { wheelSuite, wheels, interpreter, python } = SUITES[suite];
  const apt = { ...APT_SETTINGS, ...(!mirror.checkValidUntil && { 'mirror-dates': VALID_UNTIL_OFF }) };
  const shown = withoutCredentials(mirror);
  const files: Record<string, string> = {
    hook: HOOK,
    'inside/finish.sh': FINISH_ROOT,
    ...Object.fromEntries(Object.entries(apt).map(([name, text]) => [`inside/apt/${name}`, `${text}\n`])),
    'inside/debian.sources': suite === 'bullseye' ? '' : debianSources(shown, suite),
    'inside/sources.list': sourceLines(shown, suite).map(endLine).join(''),
  };
  if (recipe.kind === 'python')
    Object.assign(files, {
      'inside/python.sh': INSTALL_PYTHON,
      'inside/layout.py': LAYOUT_PY,
      'inside/version': python,
      'inside/packages': interpreter.join(' '),
      'inside/wheels': wheels.join(' '),
      'inside/suite': suite,
      'inside/wheel-suite': wheelSuite === suite ? '' : wheelSuite,
      'inside/wheels.list': wheelSuite === suite ? '' : sourceLines(mirror, wheelSuite).map(endLine).join(''),
    });
  for (const [name, text] of Object.entries(files)) {
    const path = join(folder, name);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, text, { mode: name === 'hook' ? 0o755 : 0o644 });
  }
}

function endLine(line: string): string {
  return `${line}\n`;
}

const VALID_UNTIL_OFF = 'Acquire::Check-Valid-Until "false";';

/** Settings of the caller's Python and pip must not reach the new root; a proxy has to. */
function environment(): Record<string, string> {
  const kept = Object.entries(process.env).filter(
    (entry): entry is [string, string] =>
      /^(?:https?_proxy|no_proxy|tmpdir)$/i.test(entry[0]) && entry[1] !== undefined,
  );
  return {
    PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
    LC_ALL: 'C.UTF-8',
    HOME: '/root',
    SOURCE_DATE_EPOCH: String(EPOCH_SECONDS),
    ...Object.fromEntries(kept),
  };
}

/** What mmdebstrap tells of its steps, in words for people; the rest is of no interest. */
const STEPS: readonly (readonly [RegExp, string])[] = [
  [/^running apt-get update/, 'reading the lists of packages'],
  [/^downloading packages/, 'downloading packages'],
  [/^extracting archives/, 'unpacking'],
  [/^installing essential/, 'installing essential packages'],
  [/^installing remaining/, 'installing the other packages'],
  [/^running --customize-hook/, 'laying out'],
  [/^creating tarball/, 'packing'],
];

/** Cuts output into lines and passes on those that tell a step. */
function lines(onProgress: ((line: string) => void) | undefined): { push: (text: string) => void } {
  let rest = '';
  return {
    push(text) {
      const parts = (rest + text).split('\n');
      rest = parts.pop() ?? '';
      for (const part of parts) {
        const [, told = ''] = /^I: (.*)$/.exec(part) ?? [];
        const step = STEPS.find(([pattern]) => pattern.test(told))?.[1];
        if (step !== undefined) onProgress?.(step);
        else if (part.startsWith('Successfully installed')) onProgress?.(part.trim());
      }
    },
  };
}

/** What mmdebstrap says about its own end, behind what went wrong. */
const EPILOGUE = /^(?:I: |E: (?:setup failed|mmdebstrap failed|command failed)|\s*$)/;

function failure(recipe: Recipe, { stderr }: { stderr: string }): Error {
  const told = stderr.split('\n').filter((line) => !EPILOGUE.test(line));
  const why = told.slice(-2).join('; ').replaceAll('E: ', '');
  if (/Could not resolve|Temporary failure resolving|Failed to fetch|Unable to connect|Connection failed/.test(why))
    return new UnavailableError(`the packages for ${recipe.name} could not be fetched`, {
      why,
      hint: 'check that this host reaches the Debian mirror in its apt sources: apt-get update',
    });
  if (/unshare|newuidmap|subuid|fakechroot/.test(why))
    return new UnavailableError(`${recipe.name} cannot be made by this user`, { why, hint: 'run it as root' });
  return new InternalError(`making ${recipe.name} failed`, { why });
}
