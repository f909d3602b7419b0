import { BRINGS_FRAMEWORK } from '../data/transitive-frameworks.ts';
import type { ProjectFacts } from '../detect/project.ts';
import { normalName, parseRequirement } from '../detect/requirements.ts';
import { holds } from '../markers.ts';
import { exactVersion, parseSpecifiers } from '../version.ts';
import type { ResolvedPackage } from './package-index.ts';
import type { Evidence, FrameworkPlan } from './plan.ts';

/** A distribution that will be installed, as far as that is known. */
export interface KnownPackage {
  name: string;
  /** From a pin, a lock or a package index; null where nothing says it. */
  version: string | null;
  /** As the project writes them; empty for what others bring. */
  specifiers: string;
  extras: readonly string[];
  source: FrameworkPlan['source'];
  /** Address that it comes from instead of an index. */
  url: string | undefined;
  /** True if its files are named by their digests, so that no other build of it can take its place. */
  hashed: boolean;
  evidence: Evidence | undefined;
}

export type KnownPackages = ReadonlyMap<string, KnownPackage>;

export interface PackageSources {
  manifest: ProjectFacts['manifest'];
  /** Everything that is installed, with what comes beside the manifest: requirements as pip takes them. */
  asked: readonly string[];
  /** Names of those that are installed only because the code imports them. */
  imported: readonly string[];
  python: string;
}

/** What the project's own files say of what will be installed, with what the tables know that others bring along. */
export function knownPackages({ manifest, asked, python, imported }: PackageSources): KnownPackages {
  const found = new Map<string, KnownPackage>();
  for (const requirement of manifest?.requirements ?? []) {
    const { name, specifiers, marker, url, file, line, extras } = requirement;
    if (name === '' || !holds(marker, { python })) continue;
    const version = exactVersion(specifiers) ?? versionInUrl(url) ?? null;
    const hashed = requirement.hashed === true;
    const known = found.get(name);
    const all = [...new Set([...(known?.extras ?? []), ...extras])];
    found.set(name, { name, version: version ?? known?.version ?? null, specifiers: specifiers || (known?.specifiers ?? ''), extras: all, source: 'direct', url, hashed, evidence: { file, line } });
  } // prettier-ignore
  addAsked(found, asked, new Set(imported));
  const lock = manifest?.lock;
  for (const { name, version, marker, url, line } of lock?.packages ?? [])
    if (holds(marker, { python })) addLocked(found, { name, version, url, evidence: { file: lock?.path ?? '', line } });
  if (lock === undefined) addFromTable(found);
  return found;
}

function addAsked(found: Map<string, KnownPackage>, asked: readonly string[], imported: ReadonlySet<string>): void {
  for (const text of asked) {
    const requirement = parseRequirement(text);
    if (requirement === undefined || found.has(requirement.name)) continue;
    const { name, specifiers, extras, url } = requirement;
    const version = exactVersion(specifiers) ?? null;
    found.set(name, { name, version, specifiers, extras, source: imported.has(name) ? 'import' : 'direct', url, hashed: false, evidence: undefined });
  }
} // prettier-ignore

function addLocked(
  found: Map<string, KnownPackage>,
  { name, version, url, evidence }: { name: string; version: string; url: string | undefined; evidence: Evidence },
): void {
  const known = found.get(name);
  if (known !== undefined) found.set(name, { ...known, version });
  else found.set(name, { name, version, specifiers: '', extras: [], source: 'transitive', url, hashed: true, evidence });
} // prettier-ignore

/** `torch-2.1.0+cu118-cp310-…whl` in an address says a version. */
function versionInUrl(url: string | undefined): string | undefined {
  const name = url === undefined ? undefined : /\/([^/#?]+)\.whl(?:[#?]|$)/.exec(decoded(url))?.[1];
  return name?.split('-')[1];
}

function decoded(url: string): string {
  try {
    return decodeURIComponent(url);
  } catch {
    return url;
  }
}

function addFromTable(found: Map<string, KnownPackage>): void {
  // A map takes in what is added while it is walked: what is brought along brings others.
  for (const { name, extras } of found.values()) {
    const brought = [name, ...extras.map((extra) => `${name}[${extra}]`)].flatMap(broughtBy);
    for (const one of brought) if (!found.has(one)) found.set(one, transitive(one, null));
  }
}

function broughtBy(key: string): readonly string[] {
  return Object.hasOwn(BRINGS_FRAMEWORK, key) ? (BRINGS_FRAMEWORK[key] ?? []) : [];
}

function transitive(name: string, version: string | null): KnownPackage {
  return { name, version, specifiers: '', extras: [], source: 'transitive', url: undefined, hashed: false, evidence: undefined }; // prettier-ignore
}

/** The same with the exact versions that an index answered with; what it did not name is not installed. */
export function withResolved(packages: KnownPackages, resolved: readonly ResolvedPackage[]): KnownPackages {
  const found = new Map<string, KnownPackage>();
  for (const { name: written, version: answered } of resolved) {
    const name = normalName(written);
    const version = answered === '' ? null : answered;
    const known = packages.get(name);
    found.set(name, known === undefined ? transitive(name, version) : { ...known, version: known.version ?? version });
  }
  for (const [name, known] of packages) if (!found.has(name) && known.source !== 'transitive') found.set(name, known);
  return found;
}

/**
 * A version that stands for the newest that the project allows: the pinned one, else one just below the upper limit; null where there is no limit.
 */
export function newestAllowed({ version, specifiers }: Pick<KnownPackage, 'version' | 'specifiers'>): string | null {
  if (version !== null) return version;
  for (const { operator, text, wildcard } of parseSpecifiers(specifiers) ?? []) {
    if (operator === '<=' || operator === '===') return text;
    if (operator === '<') return below(text);
    if (operator === '==' && wildcard) return text.replace(/\*$/, '9999');
    if (operator === '~=') return text.replace(/\.[^.]+$/, '.9999');
  }
  return null;
}

/** `2.3` → `2.2.9999`, `2.0.0` → `1.9999`. */
function below(version: string): string {
  const parts = version.split('.').map((part) => Number.parseInt(part, 10) || 0);
  while (parts.length > 1 && parts.at(-1) === 0) parts.pop();
  const last = parts.pop() ?? 0;
  return [...parts, Math.max(0, last - 1), 9999].join('.');
}
