import { CACHE_ROOT, PACKAGE_CACHES, type PackageCache } from './package-caches.ts';
import type { ToolCall } from './tool-calls.ts';

/** A RUN, as far as caches are concerned. */
export interface CacheQuestion {
  /** Text of the shell command; empty for a list of words. */
  text: string;
  calls: readonly ToolCall[];
  /** Variables that the step sees. */
  environment: ReadonlyMap<string, string>;
  /** Where the Dockerfile mounts something in this step. */
  mounts: readonly string[];
  /** What stages copy out of others. */
  copied: readonly string[];
  /** Whether caches that are switched off are used all the same. */
  mayOverride: (cache: PackageCache) => boolean;
}

/** Puts `insert` in place of what is from `start` to `end`. */
export interface TextEdit {
  start: number;
  end: number;
  insert: string;
}

/** What is done for a RUN. */
export interface CachePlan {
  caches: readonly PackageCache[];
  /** In the text, in order. */
  edits: readonly TextEdit[];
  /** Words that are left out of a command that is a list. */
  dropped: readonly string[];
  /** Variables that are taken out of the environment. */
  unset: readonly string[];
  /** apt's lists are removed in the end, so that they may be elsewhere. */
  removesLists: boolean;
}

/** Programs that show variables: what they print may be kept. */
const SHOWS_VARIABLES = /(^|[\s;&|(])(env|printenv|set|export\s+-p|declare)\s*($|[;&|>\n])/;
const REMOVALS = /(^|[\s;&|(])rm\s[^;&|\n]*/g;
const REMOVES_LISTS = /\brm\s[^;&|\n]*\/var\/lib\/apt(\/lists)?(\/|\s|$|\*|"|')/;

/** Which caches a RUN is given, and what of it has to change so that it uses them. The result of the step is the same without. */
export function planCaches(question: CacheQuestion): CachePlan {
  const { text, calls } = question;
  const edits: TextEdit[] = [];
  const caches: PackageCache[] = [];
  const dropped: string[] = [];
  const unset: string[] = [];
  for (const cache of PACKAGE_CACHES) {
    const own = calls.filter(({ tool }) => cache.tools.includes(tool));
    const using = own.filter(({ verb }) => cache.verbs.test(verb));
    if (using.length === 0 || isLeftAlone(cache, question)) continue;
    const off = switchesOf(cache, question, using);
    if (off.isOff && !(question.mayOverride(cache) && off.isEditable)) continue;
    edits.push(...off.edits, ...cleanEdits(cache, own));
    dropped.push(...off.dropped);
    unset.push(...off.unset);
    caches.push(cache);
  }
  return {
    caches,
    edits: edits.toSorted((a, b) => a.start - b.start),
    dropped,
    unset,
    removesLists: REMOVES_LISTS.test(text),
  };
}

/** Text with its edits. */
export function applyEdits(text: string, edits: readonly TextEdit[]): string {
  let at = 0;
  let edited = '';
  for (const { start, end, insert } of edits) {
    edited += text.slice(at, start) + insert;
    at = end;
  }
  return edited + text.slice(at);
}

/** The Dockerfile has a say of its own about that cache. */
function isLeftAlone(cache: PackageCache, { text, calls, environment, mounts, copied }: CacheQuestion): boolean {
  const names = [...cache.claims, ...Object.keys(cache.variables('', ''))];
  const own = calls.filter(({ tool }) => cache.tools.includes(tool));
  return (
    cache.claims.some((name) => environment.has(name)) ||
    names.some((name) => isNamed(text, name)) ||
    calls.some(({ assignments }) => names.some((name) => assignments.has(name))) ||
    own.some(({ args }) => args.some((word) => /^--cache(-dir)?(=|$)/.test(word))) ||
    environment.get('UV_LINK_MODE') === 'symlink' ||
    [...mounts, ...copied].some((path) => cache.places.test(path)) ||
    (cache.unless !== undefined && calls.some(cache.unless)) ||
    cache.mentions.test(text.replace(REMOVALS, '')) ||
    text.includes(CACHE_ROOT) ||
    mounts.some((path) => `${CACHE_ROOT}/`.startsWith(`${path.replace(/\/$/, '')}/`)) ||
    SHOWS_VARIABLES.test(text)
  );
}

function isNamed(text: string, variable: string): boolean {
  return new RegExp(String.raw`\b${variable}\b`).test(text);
}

interface Switches {
  isOff: boolean;
  /** All that switches it off can be taken away. */
  isEditable: boolean;
  edits: TextEdit[];
  dropped: string[];
  unset: string[];
}

function switchesOf(cache: PackageCache, { text, environment }: CacheQuestion, using: readonly ToolCall[]): Switches {
  const { options, variables } = cache.switches;
  const unset = variables.filter((name) => environment.has(name));
  const edits: TextEdit[] = [];
  const dropped = new Set<string>();
  let isEditable = !variables.some((name) => isNamed(text, name));
  for (const { args, place } of using) {
    const used = args.filter((word) => options.includes(word));
    if (used.length === 0) continue;
    if (place === undefined && text !== '') isEditable = false;
    if (place !== undefined)
      edits.push(
        ...place.args
          .filter((word) => options.includes(word.text))
          .map(({ start, end }) => ({ start, end, insert: '' })),
      );
    else for (const word of used) dropped.add(word);
  }
  const isAssigned = using.some(({ assignments }) => variables.some((name) => assignments.has(name)));
  const isOff = unset.length > 0 || edits.length > 0 || dropped.size > 0 || isAssigned;
  return { isOff, isEditable: isEditable && !isAssigned, edits, dropped: [...dropped], unset: isOff ? unset : [] };
}

/** `pip cache purge` empties what would be in the image, not what all builds share. */
function cleanEdits({ name, cleans, variables }: PackageCache, calls: readonly ToolCall[]): TextEdit[] {
  const names = name === 'apt' ? ['APT_CONFIG'] : Object.keys(variables('', ''));
  const prefix = `env ${names.map((variable) => `-u ${variable}`).join(' ')} `;
  return calls.flatMap(({ verb, place }) =>
    place === undefined || !cleans.test(verb) ? [] : [{ start: place.start, end: place.start, insert: prefix }],
  );
}
