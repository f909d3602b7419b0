import type { Tool } from './tool-calls.ts';

/** What is known of the cache of one package manager. */
export interface PackageCache {
  /** Names the cache, and its folder in a step. */
  name: 'pip' | 'uv' | 'poetry' | 'conda' | 'apt' | 'npm' | 'go';
  /** Whose calls use it. */
  tools: readonly Tool[];
  /** Verbs that fetch; others do not need it. */
  verbs: RegExp;
  /** What tells the tool to keep it in a folder; `cacheHome` is where caches are otherwise. */
  variables: (folder: string, cacheHome: string) => Readonly<Record<string, string>>;
  /** Variables by which a Dockerfile says itself where its cache is: one that does has its way. */
  claims: readonly string[];
  /** Where it is otherwise: a mount at, above or below, or a COPY from there, says that the Dockerfile counts on it. */
  places: RegExp;
  /** Tells in a command, but for what it removes, that it uses what is there. */
  mentions: RegExp;
  /** Options and variables that switch it off. They are meant to keep it out of the image, where it does not come anyway. */
  switches: { options: readonly string[]; variables: readonly string[] };
  /** Verbs that empty it: they are meant for what would be in the image. */
  cleans: RegExp;
  /** What of it is the same for every base image and every variable, as paths below it. The rest is the step's own and goes with it. */
  shared: RegExp;
  /** Folders of which single files are the same for all. */
  picked?: PickedFiles;
  /** Calls in the same step beside which it stays untouched, because they keep there what is needed later. */
  unless?: (call: { tool: Tool; verb: string; args: readonly string[] }) => boolean;
}

/** Files that are shared one by one, because others in the same folders must not be. */
export interface PickedFiles {
  /** Path of the folder, which itself does not match `shared`. */
  folder: RegExp;
  /** Names of the files. */
  files: RegExp;
  /** What has one of these names beside it was made from that here, and is left out. */
  beside: RegExp;
}

/** Where steps see these caches, a folder for each: a place that no image has anything at. */
export const CACHE_ROOT = '/run/berth/cache';

const HOME_CACHE = String.raw`(^|/)\.cache(/|$)|^/root/?$|^/home/[^/]+/?$|^~/?$`;

/**
 * Caches that steps are given without being asked. Only what a tool verifies or revalidates is shared: archives by their digest, indexes by
 * their ETag. Wheels that were built from sources are not, because they depend on the compiler and the libraries of the image they were
 * built in, and neither is what is known of interpreters.
 *
 * Left alone, because files in their caches are used where the image runs, or by later steps that do not name the tool: huggingface_hub and
 * torch.hub (the weights are what the step is for), pdm (its cache is a database that one process writes), pnpm (its store is recorded in node_modules), yarn (.pnp.cjs points into its cache), cargo
 * (its registry and its installed programs share one folder), `uv run`, `uvx` and `npx` (their environments are in the cache). apk and dnf have
 * no variable that moves their cache, and hardly ever what would be worth it. A `RUN --mount=type=cache` serves them.
 */
export const PACKAGE_CACHES: readonly PackageCache[] = [
  {
    name: 'pip',
    tools: ['pip', 'pipenv'],
    verbs: /^(install|download|wheel|sync|lock|update)$/,
    variables: (folder) => ({ PIP_CACHE_DIR: folder }),
    claims: ['PIP_CACHE_DIR'],
    places: new RegExp(HOME_CACHE),
    mentions: /\.cache\b/,
    switches: { options: ['--no-cache-dir'], variables: ['PIP_NO_CACHE_DIR'] },
    cleans: /^cache /,
    shared: /^http(-v2)?(\/|$)/,
  },
  {
    name: 'uv',
    tools: ['uv'],
    verbs: /^(pip (install|sync|compile)|sync|lock|add|export|build|tool install)$/,
    // It copies anyway from one file system to another, and would say so at each step.
    variables: (folder) => ({ UV_CACHE_DIR: folder, UV_LINK_MODE: 'copy' }),
    claims: ['UV_CACHE_DIR'],
    places: new RegExp(HOME_CACHE),
    mentions: /\.cache\b/,
    switches: { options: ['--no-cache', '--no-cache-dir', '-n'], variables: ['UV_NO_CACHE'] },
    cleans: /^(cache (clean|prune)|clean)$/,
    shared: /^(wheels|archive|simple|flat-index|git)-v\d+(\/|$)|^CACHEDIR\.TAG$/,
    unless: ({ tool, verb, args }) =>
      tool === 'uvx' || (tool === 'uv' && (/^(run|tool run|x)\b/.test(verb) || args.includes('symlink'))),
  },
  {
    name: 'poetry',
    tools: ['poetry'],
    verbs: /^(install|sync|add|lock|update)$/,
    // Its environments lie in its cache unless told otherwise; they stay where they would be.
    variables: (folder, cacheHome) => ({
      POETRY_CACHE_DIR: folder,
      POETRY_VIRTUALENVS_PATH: `${cacheHome}/pypoetry/virtualenvs`,
    }),
    claims: ['POETRY_CACHE_DIR'],
    places: new RegExp(HOME_CACHE),
    mentions: /\.cache\b/,
    switches: { options: ['--no-cache'], variables: [] },
    cleans: /^cache /,
    shared: /^cache(\/|$)/,
    // Wheels that were fetched are verified by the lock file. Those that were built lie beside their sources, or have the tag of this very platform.
    picked: {
      folder: /^artifacts$/,
      files: /-(any|[^-]*(many|musl)linux[^-]*)\.whl$/,
      beside: /\.(zip|tar(\.\w+)?|t[bgx]z2?)$/,
    },
  },
  {
    name: 'conda',
    tools: ['conda'],
    verbs: /^(install|create|update|env (create|update))$/,
    variables: (folder) => ({ CONDA_PKGS_DIRS: folder }),
    claims: ['CONDA_PKGS_DIRS'],
    places: /(^|\/)pkgs(\/|$)|(conda|mamba)[^/]*\/?$/,
    mentions: /\/pkgs\b/,
    switches: { options: [], variables: [] },
    cleans: /^clean$/,
    // Packages as archives and unpacked; both are named by version and build.
    shared: /^(cache(\/|$)|urls(\.txt)?$|[^/]+-[^/-]+-[^/]+(\/|$))/,
  },
  {
    name: 'apt',
    tools: ['apt'],
    verbs: /^(update|install|upgrade|dist-upgrade|full-upgrade|build-dep|satisfy)$/,
    variables: () => ({}), // by a file of settings
    claims: ['APT_CONFIG'],
    places: /^\/var(\/(cache|lib)(\/apt(\/|$)|\/?$)|\/?$)/,
    mentions: /\/var\/(cache|lib)\/apt\b/,
    switches: { options: [], variables: [] },
    cleans: /^(clean|autoclean|distclean)$/,
    shared: /^(archives|lists)\/(?!lock$|partial(\/|$)).+$/,
    unless: ({ tool, verb, args }) =>
      tool === 'apt' && (verb === 'download' || args.some((word) => /^(-d|--download-only|--print-uris)$/.test(word))),
  },
  {
    name: 'npm',
    tools: ['npm'],
    verbs: /^(install|i|ci|add|update|install-test|it)$/,
    variables: (folder) => ({ npm_config_cache: folder }),
    claims: ['npm_config_cache', 'NPM_CONFIG_CACHE'],
    places: /(^|\/)\.npm(\/|$)|^\/root\/?$|^\/home\/[^/]+\/?$/,
    mentions: /\.npm(\/|\s|$)/,
    switches: { options: [], variables: [] },
    cleans: /^cache /,
    shared: /^_cacache(\/|$)/,
    unless: ({ tool, verb }) => tool === 'npx' || (tool === 'npm' && /^(exec|x|init|create)$/.test(verb)),
  },
  {
    name: 'go',
    tools: ['go'],
    verbs: /^(build|install|test|run|vet|generate)$/,
    // What was compiled, named by all that went into it. Modules stay in the image: a step without network may need them.
    variables: (folder) => ({ GOCACHE: folder }),
    claims: ['GOCACHE'],
    places: new RegExp(HOME_CACHE),
    mentions: /\.cache\b/,
    switches: { options: [], variables: [] },
    cleans: /^clean$/,
    shared: /^[0-9a-f]{2}(\/|$)|^README$/,
  },
];
