import { KNOWN_BREAKS, type KnownBreak } from '../data/known-breaks.ts';
import { NUMPY2_RELEASED, NUMPY2_SINCE } from '../data/numpy2.ts';
import { TORCH_RELEASES } from '../data/torch.ts';
import { parseRequirement } from '../detect/requirements.ts';
import { compareVersions, meets } from '../version.ts';
import { type KnownPackage, type KnownPackages, newestAllowed } from './known-packages.ts';
import type { Decision, Finding } from './plan.ts';

export interface ConstraintChoice {
  /** `numpy<2` and the like, one for each distribution. */
  constraints: readonly string[];
  /** What has to be installed beside the requirements. */
  extra: readonly string[];
  decisions: readonly Decision[];
  findings: readonly Finding[];
}

export interface ConstraintQuestion {
  packages: KnownPackages;
  /** Names that are imported by the project's own code. */
  imports: ReadonlySet<string>;
  /** Versions are taken as of this day; what was released later cannot come. */
  before: string | null;
}

interface Limit {
  /** Distribution that is limited, and its limit: `numpy`, `<2`. */
  target: string;
  specifiers: string;
  because: KnownPackage;
  why: string;
  install: boolean;
  together: boolean;
  source: string;
}

/** Limits on versions that the metadata of the requirements does not know of, since it was written before what breaks them. */
export function planConstraints({ packages, imports, before }: ConstraintQuestion): ConstraintChoice {
  const limits = [...numpyLimits(packages, before), ...knownBreaks(packages), ...ownPkgResources(packages, imports)];
  const wanted = [...tightest(limits).values()].filter(({ target, together }) => !together || packages.has(target));
  const free = wanted.filter((limit) => !isPinned(packages, limit));
  const broken = limits.filter((limit) => isBroken(packages, limit));
  return {
    constraints: free.map(({ target, specifiers }) => `${target}${specifiers}`).toSorted(),
    extra: free.filter(({ install, target }) => install && !packages.has(target)).map(({ target, specifiers }) => `${target}${specifiers}`),
    decisions: free.map(decisionOf),
    findings: [...broken.map(brokenFinding), ...torchFamily(packages)],
  };
} // prettier-ignore

function numpyLimits(packages: KnownPackages, before: string | null): Limit[] {
  if (before !== null && before < NUMPY2_RELEASED) return [];
  return [...packages.values()].flatMap((because) => {
    const since = Object.hasOwn(NUMPY2_SINCE, because.name) ? NUMPY2_SINCE[because.name] : undefined;
    const newest = newestAllowed(because);
    const isOlder = since === null || (since !== undefined && newest !== null && compareVersions(publicPart(newest), since) < 0);
    if (!isOlder) return [];
    const what = because.version === null ? because.name : `${because.name} ${because.version}`;
    const why = since === null ? `no release of ${because.name} works with numpy 2` : `${what} was built for numpy 1; the first release for numpy 2 is ${since}`;
    return [{ target: 'numpy', specifiers: '<2', because, why, install: false, together: false, source: 'NumPy, "NumPy 2.0 migration guide", and the projects\' release notes; 2026-11' }];
  });
} // prettier-ignore

/** Without `+cu118`, which says nothing of the order of releases. */
function publicPart(version: string): string {
  return version.replace(/\+.*$/, '');
}

function knownBreaks(packages: KnownPackages): Limit[] {
  return KNOWN_BREAKS.flatMap((row) => {
    const because = packages.get(row.distribution);
    const newest = because === undefined ? null : newestAllowed(because);
    if (because === undefined || !isAffected(row, newest)) return [];
    const parsed = parseRequirement(row.constraint);
    const { install = false, together = false, why } = row;
    const what = `${because.name} ${because.version ?? newest ?? ''}`.trim();
    return parsed === undefined ? [] : [{ target: parsed.name, specifiers: parsed.specifiers, because, why: `${what}: ${why}`, install, together, source: 'change logs of both; 2026-11' }];
  });
} // prettier-ignore

/** A row without an upper limit holds for the newest release too. */
function isAffected({ versions }: KnownBreak, newest: string | null): boolean {
  return newest === null ? !versions.includes('<') : meets(publicPart(newest), versions, { prereleases: true });
}

function ownPkgResources(packages: KnownPackages, imports: ReadonlySet<string>): Limit[] {
  const because = packages.get('setuptools');
  if (!imports.has('pkg_resources')) return [];
  const known = because ?? { name: 'setuptools', version: null, specifiers: '', extras: [], source: 'import', url: undefined, hashed: false, evidence: undefined };
  return [{ target: 'setuptools', specifiers: '<81', because: known, why: 'the code imports pkg_resources, which setuptools 82 no longer has', install: true, together: false, source: 'setuptools, change log; 2026-11' }];
} // prettier-ignore

/** Of several limits on one distribution the lowest counts. */
function tightest(limits: readonly Limit[]): Map<string, Limit> {
  const found = new Map<string, Limit>();
  for (const limit of limits) {
    const known = found.get(limit.target);
    const install = limit.install || known?.install === true;
    const together = limit.together && known?.together !== false;
    const chosen = known === undefined || compareVersions(bound(limit), bound(known)) < 0 ? limit : known;
    found.set(limit.target, { ...chosen, install, together });
  }
  return found;
}

function bound({ specifiers }: Limit): string {
  return specifiers.replace(/^[<=!~>]+/, '');
}

/** The project itself says a version, or nothing above the limit: another word would be of no use. */
function isPinned(packages: KnownPackages, { target, specifiers }: Limit): boolean {
  const known = packages.get(target);
  if (known === undefined || known.source === 'transitive') return false;
  const newest = newestAllowed(known);
  if (known.url !== undefined || isExact(known) || excludes(known, specifiers)) return true;
  return newest !== null && meets(newest, specifiers, { prereleases: true });
}

/** Nothing below the limit meets what the project wants: `numpy>=2` against `<2`. */
function excludes({ specifiers: wanted }: KnownPackage, limit: string): boolean {
  const highest = newestAllowed({ version: null, specifiers: limit });
  return wanted !== '' && highest !== null && !meets(highest, wanted, { prereleases: true });
}

function isExact({ specifiers, version }: KnownPackage): boolean {
  return version !== null && /^={2,3}/.test(specifiers);
}

/** A version that the project insists on, and that does not work with another one that it insists on. */
function isBroken(packages: KnownPackages, { target, specifiers, because }: Limit): boolean {
  const known = packages.get(target);
  if (known === undefined || known.source === 'transitive' || because.source === 'transitive') return false;
  if (isExact(known)) return known.version !== null && !meets(publicPart(known.version), specifiers, { prereleases: true });
  return excludes(known, specifiers) && !meets(newestAllowed(known) ?? '999999', specifiers, { prereleases: true });
} // prettier-ignore

function decisionOf({ target, specifiers, because, why, source }: Limit): Decision {
  return { subject: 'constraint', choice: `${target}${specifiers}`, why, evidence: because.evidence, source };
}

function brokenFinding({ target, specifiers, because, why }: Limit): Finding {
  const { file = null, line = null } = because.evidence ?? {};
  const code = target === 'numpy' && specifiers === '<2' ? 'numpy-2' : 'pins-that-break';
  return { code, severity: 'warning', file, line, message: `${why}, and the project pins a later ${target}`, fix: `pin ${target}${specifiers}, or a newer ${because.name}` }; // prettier-ignore
}

/** torch, torchvision and torchaudio belong together by release. */
function torchFamily(packages: KnownPackages): Finding[] {
  const torch = packages.get('torch');
  if (torch?.version == null || torch.source === 'transitive') return [];
  const own = publicPart(torch.version);
  const release = TORCH_RELEASES.find(({ version }) => version === own);
  if (release === undefined) return [];
  return (['torchvision', 'torchaudio'] as const).flatMap((name) => {
    const known = packages.get(name);
    const fits = name === 'torchvision' ? release.vision : release.audio;
    if (known?.version == null || fits === null || known.source === 'transitive') return [];
    if (publicPart(known.version) === fits || belongsTo(name, publicPart(known.version)).includes(own)) return [];
    const others = belongsTo(name, publicPart(known.version));
    return [{
      code: 'torch-versions', severity: 'error' as const, file: known.evidence?.file ?? null, line: known.evidence?.line ?? null, fix: `${name}==${fits}`,
      message: `${name} ${known.version} does not belong to torch ${torch.version}${others.length > 0 ? ` but to ${others.join(' or ')}` : ''}: pip refuses both together`,
    }];
  });
} // prettier-ignore

function belongsTo(name: 'torchvision' | 'torchaudio', version: string): string[] {
  return TORCH_RELEASES.filter((row) => (name === 'torchvision' ? row.vision : row.audio) === version).map((row) => row.version); // prettier-ignore
}
