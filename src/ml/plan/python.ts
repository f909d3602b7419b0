import {
  PYTHON_END_OF_LIFE,
  PYTHON_RELEASED,
  PYTHON_TABLE_MONTH,
  PYTHONS,
  USUAL_PYTHON,
} from '../data/python-support.ts';
import { NO_SOURCE_RELEASES } from '../data/source-releases.ts';
import { isAside, type ProjectFacts } from '../detect/project.ts';
import type { PythonRequest } from '../detect/python-version.ts';
import type { Requirement } from '../detect/requirements.ts';
import { holds } from '../markers.ts';
import { compareVersions, exactVersion, meets, parseSpecifiers } from '../version.ts';
import type { Evidence, Finding } from './plan.ts';
import { pythonsOfWheel, pythonsWithWheels, spanOf } from './wheel-pythons.ts';

export interface PythonChoice {
  version: string;
  why: string;
  evidence: Evidence | undefined;
  findings: readonly Finding[];
  /** Every Python that meets all the project says, the best first: for those who cannot get the chosen one. */
  fits: readonly string[];
}

/** What the caller insists on instead of what the files say. */
export interface PythonWish {
  version?: string | undefined;
  /** Day as of which versions are chosen where the project gives none: then nobody used a Python that was not out. */
  before?: string | null | undefined;
  why?: string | undefined;
  evidence?: Evidence | undefined;
}

/** Something that leaves only some Pythons. */
export interface PythonLimit {
  allows(version: string): boolean;
  why: string;
  evidence: Evidence;
  /** Whether nothing at all can be installed on it: pip refuses, or there is neither a wheel nor a source. Otherwise something is compiled. */
  forbids(version: string): boolean;
}

/** Which Python a project gets: what its files name, else the usual one, else the nearest that everything pinned has wheels for. */
export function choosePython(facts: ProjectFacts, wish: PythonWish = {}): PythonChoice {
  const limits = limitsOf(facts);
  const usual = usualAt(wish.before);
  const fits = preferred(usual).filter((version) => limits.every((limit) => limit.allows(version)));
  const chosen = chooseFrom(facts, wish, { limits, fits, usual });
  return { ...chosen, fits, findings: [...chosen.findings, ...endOfLife(chosen, fits)] };
}

type Choice = Omit<PythonChoice, 'fits'>;
interface Candidates {
  limits: readonly PythonLimit[];
  fits: readonly string[];
  usual: string;
}

function chooseFrom(facts: ProjectFacts, wish: PythonWish, { limits, fits, usual }: Candidates): Choice {
  if (wish.version !== undefined) {
    const version = minor(wish.version);
    const { why = 'asked for', evidence } = wish;
    return { version, why, evidence, findings: conflicts(limits, version, version) };
  }
  const [request] = facts.pythonRequests;
  if (request !== undefined) return requested(request, facts.pythonRequests, { limits, fits, usual });
  const [version] = fits;
  if (version === undefined) return contradiction(limits, usual);
  const excluding = blocking(limits, preferred(usual).slice(0, preferred(usual).indexOf(version)));
  if (excluding !== undefined) return { version, why: excluding.why, evidence: excluding.evidence, findings: [] };
  const hint = notebookPython(facts);
  if (hint !== undefined && fits.includes(hint.version)) return { ...hint, findings: [] };
  const [limit] = limits;
  return { version, why: limit === undefined ? whyUsual(version) : `the usual one; fits: ${limit.why}`, evidence: limit?.evidence, findings: [] }; // prettier-ignore
}

/** The limit that rules most of these out; undefined if there is nothing to rule out. */
function blocking(limits: readonly PythonLimit[], versions: readonly string[]): PythonLimit | undefined {
  const count = (limit: PythonLimit): number => versions.filter((version) => !limit.allows(version)).length;
  return versions.length === 0 ? undefined : limits.toSorted((a, b) => count(b) - count(a))[0];
}

function whyUsual(version: string): string {
  return version === USUAL_PYTHON
    ? `nothing in the project names a version; it gets fixes until ${PYTHON_END_OF_LIFE[version] ?? ''}, and nearly every package of the last years has wheels for it`
    : 'nothing in the project names a version; it was the usual one when the project was last changed';
}

/** Notebooks say which Python they were run with. They are a hint only: nobody chose it for an image. */
function notebookPython({ notebooks, manifest, modules }: ProjectFacts): Omit<Choice, 'findings'> | undefined {
  const named = notebooks.find(({ python }) => python !== undefined);
  if (named?.python === undefined || manifest !== undefined || modules.length > 0) return undefined;
  return { version: named.python, why: `${named.path} was run with it`, evidence: { file: named.path, line: 1 } };
}

/** The newest Python that had been out for half a year, so that packages had wheels for it; never newer than the usual one. */
function usualAt(before: string | null | undefined): string {
  if (!/^\d{4}-\d{2}/.test(before ?? '')) return USUAL_PYTHON;
  const [year = 0, month = 0] = (before ?? '').split('-').map(Number);
  const limit = new Date(Date.UTC(year, month - 1 - 6)).toISOString().slice(0, 7);
  const known = PYTHONS.filter((version) => meets(version, `<=${USUAL_PYTHON}`));
  return known.find((version) => (PYTHON_RELEASED[version] ?? '9999') <= limit) ?? known.at(-1) ?? USUAL_PYTHON;
}

/** What a file names counts, unless a pinned package cannot be installed on it: then nobody has used both together. */
function requested(request: PythonRequest, all: readonly PythonRequest[], { limits, fits }: Candidates): Choice {
  const named = minor(request.version);
  const { file, line } = request;
  const firm = limits.find((limit) => limit.forbids(named));
  const [version = named] = firm === undefined ? [] : fits;
  const why = version === named ? `${file} names it` : `${file} names Python ${named}, but ${firm?.why ?? ''}`;
  const evidence = version === named ? { file, line } : firm?.evidence;
  return { version, why, evidence, findings: [...disagreements(request, all), ...conflicts(limits, named, version)] };
}

function disagreements(first: PythonRequest, all: readonly PythonRequest[]): Finding[] {
  return all
    .filter((other) => minor(other.version) !== minor(first.version))
    .map(({ version, file, line }) => ({
      code: 'python-disagreement', severity: 'warning', file, line, fix: `write one version into both ${first.file} and ${file}`,
      message: `${file}:${line} names Python ${version}, ${first.file}:${first.line} names ${first.version}, which counts`,
    })); // prettier-ignore
}

function conflicts(limits: readonly PythonLimit[], named: string, version: string): Finding[] {
  return limits
    .filter((limit) => !limit.allows(named))
    .map(({ why, evidence }) => ({
      code: 'python-conflict', severity: 'warning', file: evidence.file, line: evidence.line,
      message: version === named ? `Python ${named} is to be used, but ${why}` : `Python ${named} is named, but ${why}: ${version} is used`,
      fix: `choose a Python and a version that go together`,
    })); // prettier-ignore
}

function contradiction(limits: readonly PythonLimit[], usual: string): Choice {
  const best = preferred(usual).toSorted((a, b) => cost(limits, a) - cost(limits, b))[0] ?? usual;
  const broken = limits.find((limit) => limit.forbids(best)) ?? limits.find((limit) => !limit.allows(best));
  const isFirm = broken?.forbids(best) === true;
  const met = limits.find((limit) => limit !== broken && !preferred(usual).some((version) => limit.allows(version) && broken?.allows(version) === true));
  const among = isFirm ? `no Python fits everything: ${limits.map(({ why }) => why).join('; ')}` : `${broken?.why ?? ''}, but ${met?.why ?? 'other limits hold'}: it is compiled for Python ${best}`;
  const finding: Finding = {
    code: 'python-contradiction', severity: isFirm ? 'error' : 'warning', message: among, fix: 'relax one of these versions',
    file: broken?.evidence.file ?? null, line: broken?.evidence.line ?? null,
  };
  return { version: best, why: isFirm ? among : (met?.why ?? among), evidence: (isFirm ? broken : met)?.evidence, findings: [finding] };
} // prettier-ignore

/** What a version breaks: most what cannot be installed, then how far it lies from what would be allowed. */
function cost(limits: readonly PythonLimit[], version: string): number {
  const at = PYTHONS.findIndex((python) => python === version);
  return limits.reduce((sum, limit) => {
    if (limit.allows(version)) return sum;
    const steps = Math.min(...PYTHONS.flatMap((python, index) => (limit.allows(python) ? [Math.abs(index - at)] : [])));
    return sum + (limit.forbids(version) ? 1000 : 100) + Math.min(steps, 50);
  }, 0);
}

function endOfLife({ version, evidence }: Choice, fits: readonly string[]): Finding[] {
  const month = PYTHON_END_OF_LIFE[version];
  if (month === undefined || month >= PYTHON_TABLE_MONTH) return [];
  const newer = fits.find((other) => (PYTHON_END_OF_LIFE[other] ?? '9999') >= PYTHON_TABLE_MONTH);
  return [{
    code: 'python-end-of-life', severity: 'warning', file: evidence?.file ?? null, line: evidence?.line ?? null,
    message: `Python ${version} has had no security fixes since ${month}`,
    fix: newer === undefined ? 'raise the versions that need it' : `use Python ${newer}, which everything here has wheels for`,
  }]; // prettier-ignore
}

/** `3.11.4` → `3.11`. */
function minor(version: string): string {
  return version.split('.').slice(0, 2).join('.');
}

/** The usual one, then the nearest; newer ones before older ones at the same distance. */
function preferred(usual: string): string[] {
  const middle = Number(usual.split('.')[1]);
  const distance = (version: string): number => {
    const steps = Number(version.split('.')[1]) - middle;
    return steps >= 0 ? steps * 2 : -steps * 2 + 1;
  };
  return PYTHONS.toSorted((a, b) => distance(a) - distance(b));
}

function limitsOf(facts: ProjectFacts): PythonLimit[] {
  return [...statedLimits(facts), ...syntaxLimits(facts), ...wheelLimits(facts)];
}

function statedLimits({ manifest }: ProjectFacts): PythonLimit[] {
  const wanted = manifest?.requiresPython;
  const limits: PythonLimit[] = [];
  if (wanted !== undefined && wanted.specifiers !== '')
    limits.push({
      allows: (version) => allowsMinor(wanted.specifiers, version),
      forbids: () => false,
      why: `${wanted.file} wants Python ${wanted.specifiers}`,
      evidence: { file: wanted.file, line: wanted.line ?? 1 },
    });
  const listed = manifest?.classifiedPythons;
  // Nobody goes over the list again: one that ends with a Python of long ago says nothing of today.
  const aYearAgo = `${Number(PYTHON_TABLE_MONTH.slice(0, 4)) - 1}${PYTHON_TABLE_MONTH.slice(4)}`;
  const isOfToday = listed?.versions.some((version) => (PYTHON_END_OF_LIFE[version] ?? '') >= aYearAgo) === true;
  if (listed !== undefined && isOfToday && wanted === undefined)
    limits.push({
      allows: (version) => listed.versions.includes(version),
      why: `${listed.file} lists Python ${listed.versions.join(', ')}`,
      evidence: { file: listed.file, line: listed.line },
      forbids: () => false,
    });
  return limits;
}

/** `>=3.9.1` speaks of patch releases; only minor versions are chosen here, of which the newest patch release is meant. */
function allowsMinor(specifiers: string, version: string): boolean {
  const named = (parseSpecifiers(specifiers) ?? [])
    .map(({ text }) => text)
    .filter((text) => text.startsWith(`${version}.`));
  return [`${version}.99`, `${version}.9`, `${version}.0`, version, ...named].some((full) => meets(full, specifiers));
}

/** Syntax that older Pythons do not know, and modules that newer ones no longer have; each version once. */
function syntaxLimits({ modules }: ProjectFacts): PythonLimit[] {
  const found = new Map<string, PythonLimit>();
  for (const { path, syntax, removed } of modules) {
    for (const [hint, sign] of [[syntax, '>='], [removed, '<']] as const) {
      const specifiers = `${sign}${hint?.version ?? ''}`;
      if (hint === undefined || found.has(specifiers) || isAside(path)) continue;
      const why = `${path} uses ${hint.what}${sign === '<' ? `, which Python ${hint.version} no longer has` : ''}`;
      found.set(specifiers, { allows: (version) => meets(version, specifiers), why, evidence: { file: path, line: hint.line }, forbids: () => false });
    }
  }
  return [...found.values()];
} // prettier-ignore

function wheelLimits({ manifest }: ProjectFacts): PythonLimit[] {
  const locked = new Map((manifest?.lock?.packages ?? []).map((item) => [item.name, item]));
  return (manifest?.requirements ?? []).flatMap((requirement) => {
    const lock = locked.get(requirement.name);
    const specifiers = lock === undefined ? wheelSpecifiers(requirement) : `==${lock.version}`;
    const pythons = requirement.url === undefined ? pythonsWithWheels(requirement.name, specifiers) : pythonsOfWheel(requirement.url);
    return pythons === undefined || pythons.length === PYTHONS.length ? [] : [wheelLimit(requirement, { specifiers, pythons })];
  }); // prettier-ignore
}

/** conda builds what the index has no wheel of; there another patch release is as good. */
function wheelSpecifiers({ specifiers, fromConda }: Requirement): string {
  return fromConda === true ? loosened(specifiers) : specifiers;
}

/** `==1.19.2` → `==1.19.*`. */
export function loosened(specifiers: string): string {
  return specifiers.replace(/^==(\d+\.\d+)\.\d+$/, '==$1.*');
}

function wheelLimit(
  requirement: Requirement,
  { specifiers, pythons }: { specifiers: string; pythons: readonly string[] },
): PythonLimit {
  const { name, marker, file, line, url } = requirement;
  const isAsked = (version: string): boolean => marker === '' || holds(marker, { python: version });
  const oldest = pythons.at(-1) ?? '';
  const hasSource = url === undefined && !NO_SOURCE_RELEASES.has(name);
  return {
    allows: (version) => pythons.includes(version) || !isAsked(version),
    forbids: (version) =>
      !pythons.includes(version) && isAsked(version) && (!hasSource || compareVersions(version, oldest) < 0),
    why: `${url === undefined ? `${name} ${exactVersion(specifiers) ?? specifiers} has wheels` : `the wheel of ${name} that is named is`} for Python ${spanOf(pythons)}`.replace(
      / +/g,
      ' ',
    ),
    evidence: { file, line },
  };
}
