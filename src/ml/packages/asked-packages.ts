import { shellCommands } from './shell-commands.ts';
import type { ToolCall } from './tool-calls.ts';

/** What one `pip install` is asked for, with the files that it names. */
export interface AskedPackages {
  /** Options that decide where packages come from, as written; sorted. */
  options: readonly string[];
  /** Version specifiers by what is asked for: `name[extra];marker`. */
  packages: Readonly<Record<string, string>>;
}

/** Reads a file of requirements: its text, by a path relative to the working directory. */
export type ReadRequirements = (path: string) => string | undefined;

/** Options without a value that change neither what is installed nor where. */
const HARMLESS =
  /^(--no-cache-dir|-q+|--quiet|-v+|--verbose|-U|--upgrade|--no-input|--disable-pip-version-check|--root-user-action=\S+|--no-color|--progress-bar=\S+|--no-warn-script-location|--break-system-packages)$/;
/** Options that choose among packages. */
const CHOOSING = /^(--pre|--prefer-binary|--no-deps)$/;
/** The same with a value. */
const SOURCES =
  /^(-i|--index-url|--extra-index-url|--trusted-host|-f|--find-links|--only-binary|--no-binary|--timeout|--retries|--default-timeout)$/;
const FILES = /^(-r|--requirement|-c|--constraint)$/;
const NAMED = /^([A-Za-z0-9][\w.-]*)\s*(\[[^\]]*\])?\s*([^;@/\\]*?)\s*(;.*)?$/;
const FILES_LIMIT = 20;

/** Whether a shell text does nothing but one call of pip, and remove what it leaves. */
export function isInstallAlone(text: string): boolean {
  if (/[`]|\$\(|[|&]\s*$/.test(text) || /(^|[^&])&([^&>]|$)|\|\|/.test(text)) return false;
  const programs = shellCommands(text).map(({ words }) => words[0]?.text ?? '');
  const others = programs.filter((program) => !/^(rm|set|true|:)$/.test(program));
  return others.length === 1 && /(^|\/)pip[\d.]*$/.test(others[0] ?? '');
}

/**
 * What a call of pip asks for; undefined where that cannot be told, or where packages come from anywhere but an index: a folder, a URL, an
 * archive. What pip is told to install in another place, or anew whatever is there, is undefined as well.
 */
export function askedPackages({ tool, verb, args }: ToolCall, read: ReadRequirements): AskedPackages | undefined {
  if (tool !== 'pip' || verb !== 'install') return undefined;
  const asking: Asking = { options: [], packages: new Map(), read, files: 0 };
  const isKnown =
    addWords(asking, args.slice(args.indexOf('install') + 1), '') && addWords(asking, beforeVerb(args), '');
  if (!isKnown || asking.packages.size === 0) return undefined;
  return { options: asking.options.toSorted(), packages: Object.fromEntries(asking.packages) };
}

function beforeVerb(args: readonly string[]): string[] {
  return args.slice(0, args.indexOf('install'));
}

/** Whether all that was asked for before is asked for still, at whichever version, from the same places. */
export function asksForMore(now: AskedPackages, before: AskedPackages): boolean {
  const isSameSource = JSON.stringify(now.options) === JSON.stringify(before.options);
  return isSameSource && Object.keys(before.packages).every((name) => Object.hasOwn(now.packages, name));
}

interface Asking {
  options: string[];
  packages: Map<string, string>;
  read: ReadRequirements;
  files: number;
}

/** @returns whether all of it is understood */
function addWords(asking: Asking, words: readonly string[], folder: string): boolean {
  for (let at = 0; at < words.length; at++) {
    const word = words[at] ?? '';
    const [name = '', value] = word.startsWith('--') && word.includes('=') ? splitOption(word) : [word];
    const takes = FILES.test(name) || SOURCES.test(name);
    const given = takes ? (value ?? words[++at]) : undefined;
    if (!addWord(asking, { word, name, given }, folder)) return false;
  }
  return true;
}

function splitOption(word: string): [string, string] {
  const at = word.indexOf('=');
  return [word.slice(0, at), word.slice(at + 1)];
}

function addWord(
  asking: Asking,
  { word, name, given }: { word: string; name: string; given: string | undefined },
  folder: string,
): boolean {
  if (HARMLESS.test(word)) return true;
  if (/[$*?]/.test(word.replace(/\[[^\]]*\]|==[\w.]+\.\*/g, ''))) return false;
  if (CHOOSING.test(name)) asking.options.push(name);
  else if (SOURCES.test(name)) asking.options.push(`${name}=${given ?? ''}`);
  else if (/^(-r|--requirement)$/.test(name)) return addFile(asking, given, folder);
  else if (FILES.test(name)) return given !== undefined && !/[$*?]/.test(given); // versions alone
  else if (word.startsWith('-')) return false;
  else return addPackage(asking, word);
  return true;
}

function addPackage({ packages }: Asking, text: string): boolean {
  const [, name, extras = '', versions = '', marker = ''] = NAMED.exec(text.trim().replace(/\s+/g, ' ')) ?? [];
  if (name === undefined || name.endsWith('.whl') || /\.(zip|gz|bz2|tar)$/.test(name)) return false;
  const identity = `${name.toLowerCase().replace(/[-_.]+/g, '-')}${extras}${marker.replace(/\s+/g, '')}`;
  packages.set(identity, versions.replace(/\s+/g, ''));
  return true;
}

function addFile(asking: Asking, path: string | undefined, folder: string): boolean {
  asking.files += 1;
  if (path === undefined || asking.files > FILES_LIMIT) return false;
  const place = path.startsWith('/') || folder === '' ? path : `${folder}/${path}`;
  const text = asking.read(place);
  if (text === undefined) return false;
  const lines = text.replace(/\\\r?\n/g, ' ').split(/\r?\n/);
  const own = place.includes('/') ? place.slice(0, place.lastIndexOf('/')) : '';
  return lines.every((line) => addLine(asking, line.replace(/(^|\s)#.*$/, '').trim(), own));
}

function addLine(asking: Asking, line: string, folder: string): boolean {
  if (line === '') return true;
  if (line.startsWith('-')) return addWords(asking, line.split(/\s+/), folder);
  return !line.includes(' --') && addPackage(asking, line);
}
