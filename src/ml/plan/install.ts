import { BROUGHT_BY, DISTRIBUTION_OF_IMPORT } from '../data/distributions.ts';
import { isWellKnown } from '../data/well-known.ts';
import { PYTHON_TABLE_MONTH, USUAL_PYTHON } from '../data/python-support.ts';
import type { AppFacts } from '../detect/app.ts';
import type { Manifest } from '../detect/manifest.ts';
import type { LockedPackage } from '../detect/manifests/contract.ts';
import { caret } from '../detect/manifests/poetry-versions.ts';
import type { ProjectFacts } from '../detect/project.ts';
import { normalName, parseRequirement, type Requirement, requirementText } from '../detect/requirements.ts';
import type { TrainingFacts } from '../detect/training.ts';
import { folderOf } from '../files.ts';
import { holds } from '../markers.ts';
import type { PythonModule } from '../python/module.ts';
import { compareVersions, exactVersion, meets } from '../version.ts';
import { besideDigests, lockedText, managerCommands } from './manager-commands.ts';
import type { Decision, Evidence, Finding, InstallPlan, PackageManager, ProjectPlan } from './plan.ts';
import { loosened } from './python.ts';
import { type UnlistedImport, unlistedImports } from './unlisted-imports.ts';
import { pythonsWithWheels } from './wheel-pythons.ts';

export type { UnlistedImport } from './unlisted-imports.ts';

export interface InstallOptions {
  /** Requirements beside those of the project: a server, the serving runtime. */
  extra?: readonly string[];
  /** The Python that was chosen; markers that exclude it are left out. */
  python?: string | undefined;
  /** Day of the last change of the project: `2022-04-18`. */
  lastCommit?: string | undefined;
}

export interface Needed {
  install: InstallPlan;
  manager: PackageManager;
  lock: ProjectPlan['lock'];
  /** Requirements as pip takes them, one a line: what an index is asked for. */
  asked: readonly string[];
  /** Names of all distributions known to be installed. */
  distributions: ReadonlySet<string>;
  /** Distributions that are installed because the code imports them, and nothing lists them. */
  imported: readonly string[];
  decision: Decision;
  findings: readonly Finding[];
}

/** What has to be installed and how: the manifest with its lock, or what the code imports where there is none. */
export function planInstall(
  facts: ProjectFacts,
  programs: readonly PythonModule[],
  options: InstallOptions = {},
): Needed {
  const { manifest } = facts;
  const unlisted = unlistedImports(facts, programs);
  const isEmpty = manifest === undefined || (manifest.requirements.length === 0 && manifest.projects.length === 0 && !manifest.needsProject); // prettier-ignore
  return isEmpty ? fromImports(facts, unlisted, options) : fromManifest(manifest, { facts, unlisted, options });
}

function fromImports(facts: ProjectFacts, unlisted: readonly UnlistedImport[], { extra = [], lastCommit }: InstallOptions): Needed {
  const cells = facts.modules.length > 0 ? [] : facts.notebooks.flatMap(({ installs }) => installs).flatMap((text) => parseRequirement(text) ?? []);
  const named = new Map(cells.map((item) => [item.name, requirementText(item)]));
  const space = facts.manifest?.requirements ?? [];
  for (const item of space) named.set(item.name, requirementText(item));
  for (const { distribution } of unlisted) if (!named.has(distribution)) named.set(distribution, distribution);
  for (const text of extra) named.set(nameOf(text), text);
  const found = [...named.values()];
  const [first] = unlisted;
  const before = found.some((text) => exactVersion(parseRequirement(text)?.specifiers ?? '') !== undefined) ? null : beforeOf({ lock: undefined, requirements: [] }, lastCommit);
  const newest = before === null ? 'in their newest versions' : `in the versions of ${before}, when the project was last changed`;
  return {
    install: { files: [], arguments: found, needsProject: false, pins: [], before },
    manager: 'pip',
    lock: null,
    asked: found,
    distributions: new Set(broughtAlong([...named.keys()])),
    imported: [...unlisted.map(({ distribution }) => distribution), ...extra.map(nameOf)],
    decision: {
      subject: 'packages', choice: found.length === 0 ? 'none' : found.join(', '), evidence: first?.evidence,
      why: found.length === 0 ? 'the code imports nothing from outside' : `no requirements file; these are what the code imports, ${newest}`,
    },
    findings: [...(facts.manifest?.problems ?? []), ...(found.length === 0 || facts.modules.length + facts.notebooks.length === 0 ? [] : [unpinned(found)])],
  };
} // prettier-ignore

function nameOf(text: string): string {
  return normalName(parseRequirement(text)?.name ?? text);
}

interface Question {
  facts: ProjectFacts;
  unlisted: readonly UnlistedImport[];
  options: InstallOptions;
}

function fromManifest(manifest: Manifest, { facts, unlisted, options }: Question): Needed {
  const { extra = [], python = USUAL_PYTHON, lastCommit } = options;
  const applicable = manifest.requirements.filter(({ marker }) => holds(marker, { python })).map((item) => (item.fromConda === true ? withWheel(item, python) : item));
  const added = addedFor(manifest, unlisted, extra);
  const written = writtenOut(manifest, applicable, facts);
  const beside = [...applicable.filter(({ file }) => !manifest.files.includes(file)).map(textOf), ...added.texts];
  const own = manifest.readByPip ? ['-r', manifest.path, ...beside] : [...written, ...added.texts];
  const native = manifest.readByPip ? besideDigests(manifest, beside) : managerCommands(manifest, added.texts);
  const names = [...applicable.map(({ name }) => name), ...added.names];
  const before = beforeOf(manifest, lastCommit);
  return {
    install: {
      files: filesOf(manifest, facts), arguments: own, needsProject: needsProject(manifest, facts), pins: [...pinsOf(manifest, python), ...ownLimits(manifest, python)], before,
      ...(manifest.versionVariable !== undefined && needsProject(manifest, facts) && { environment: { [manifest.versionVariable]: '0.0.0' } }),
      ...(native === undefined ? (manifest.lock === undefined ? {} : { commands: [] }) : { commands: native.commands, tools: native.tools }),
    },
    manager: manifest.manager,
    lock: manifest.lock === undefined ? null : { path: manifest.lock.path, kind: manifest.lock.kind },
    asked: [...applicable.map(textOf), ...added.texts],
    distributions: new Set(broughtAlong([...names, ...(manifest.lock?.packages ?? []).map(({ name }) => name)])),
    imported: added.imported,
    decision: {
      subject: 'packages', choice: choiceOf(manifest, own, native !== undefined && manifest.lock !== undefined), why: whyOf(manifest, { count: applicable.length, before }),
      evidence: { file: manifest.path, line: 1 },
    },
    findings: [...manifest.problems, ...unlisted.flatMap((item) => unlistedFinding(item, { manifest, isAdded: added.imported.includes(item.distribution) }))],
  };
} // prettier-ignore

interface Added {
  texts: readonly string[];
  names: readonly string[];
  imported: readonly string[];
}

/**
 * What comes beside the manifest: servers, and imports that nothing lists. Of these only names that are known to mean one distribution
 * are installed: a name that is guessed could be anybody's package.
 */
function addedFor(manifest: Manifest, unlisted: readonly UnlistedImport[], extra: readonly string[]): Added {
  const optional = [...manifest.optional.values()].flat();
  const inGroup = (name: string): Requirement | undefined => optional.find((item) => item.name === name);
  const imports = unlisted.filter(({ module, distribution, why, late }) => why !== undefined || inGroup(distribution) !== undefined || Object.hasOwn(DISTRIBUTION_OF_IMPORT, module) || (!late && isWellKnown(distribution)));
  const wanted = new Map<string, string>();
  for (const { distribution } of imports) wanted.set(distribution, distribution);
  for (const text of extra) wanted.set(nameOf(text), text);
  const texts = [...wanted].map(([name, text]) => {
    const group = inGroup(name);
    return lockedText(manifest, name, group === undefined ? text : requirementText(group));
  });
  return { texts, names: [...wanted.keys()], imported: imports.map(({ distribution }) => distribution) };
} // prettier-ignore

/** conda built more than the index has wheels of: where it has none of that patch release for this Python, another one is taken. */
function withWheel(requirement: Requirement, python: string): Requirement {
  const { name, specifiers } = requirement;
  const wider = loosened(specifiers);
  const has = (wanted: string): boolean | undefined => pythonsWithWheels(name, wanted)?.includes(python);
  return has(specifiers) === false && has(wider) === true ? { ...requirement, specifiers: wider } : requirement;
}

function textOf(requirement: Requirement): string {
  const { name, url } = requirement;
  return name === '' && url !== undefined ? url : requirementText(requirement);
}

/** The manifest's requirements as arguments of pip, with the options that stand beside them. */
function writtenOut(manifest: Manifest, applicable: readonly Requirement[], facts: ProjectFacts): string[] {
  const { index, projects } = manifest;
  const options = [
    ...(index.index === undefined || manifest.manager !== 'pip' ? [] : ['--index-url', index.index.url]),
    ...index.findLinks.flatMap(({ url }) => ['--find-links', url]),
    ...index.trustedHosts.flatMap((host) => ['--trusted-host', host]),
    ...(index.preReleases ? ['--pre'] : []),
    ...(index.noIndex ? ['--no-index'] : []),
    ...(index.noBinary.length === 0 ? [] : ['--no-binary', index.noBinary.join(',')]),
    ...(index.onlyBinary.length === 0 ? [] : ['--only-binary', index.onlyBinary.join(',')]),
  ];
  const folders = projects.filter((project) => project.path !== '' || !project.isRead).map(({ path, extras }) => `./${path}${extras.length === 0 ? '' : `[${extras.join(',')}]`}`.replace(/^\.\/(?=\[|$)/, '.'));
  const files = new Set(facts.tree.files.map(({ path }) => path));
  const wheels = folders.filter((word) => files.has(word.slice(2)));
  return [...options, ...new Set(applicable.map(textOf)), ...wheels, ...folders.filter((word) => !wheels.includes(word))];
} // prettier-ignore

/** Files that pip reads, and wheels that lie in the folder. */
function filesOf(manifest: Manifest, { tree }: ProjectFacts): string[] {
  const wheels = manifest.projects.map(({ path }) => path).filter((path) => /\.(whl|zip|tar\.gz)$/.test(path));
  const links = manifest.index.findLinks.flatMap(({ url }) => (/:\/\//.test(url) ? [] : [url.replace(/^\.?\//, '').replace(/\/$/, '')]));
  const linked = tree.files.map(({ path }) => path).filter((path) => links.some((folder) => path.startsWith(`${folder}/`))).slice(0, 100);
  const own = manifest.readByPip ? manifest.files : [];
  return [...new Set([...own, ...wheels, ...linked])].toSorted();
} // prettier-ignore

/** The project is installed as a package where a manifest says so, or where its code lies below `src/` and is imported by the package's name. */
function needsProject(manifest: Manifest, { tree }: ProjectFacts): boolean {
  if (manifest.needsProject || manifest.projects.some(({ path }) => !/\.(whl|zip|tar\.gz)$/.test(path))) return true;
  if (manifest.packageName === undefined || folderOf(manifest.path) !== '') return false;
  return tree.files.some(({ path }) => /^src\/[^/]+\/__init__\.py$/.test(path));
}

/** Exact versions of a lock, for the Python that is used. */
function pinsOf(manifest: Manifest, python: string): string[] {
  const { lock, kind, requirements } = manifest;
  const named = new Set(requirements.map(({ name }) => name));
  const packages = (lock?.packages ?? []).filter(({ version, url, name, marker }) => version !== '' && url === undefined && (kind !== 'conda' || named.has(name)) && holds(marker, { python })); // prettier-ignore
  const chosen = [...Map.groupBy(packages, ({ name }) => name).values()].flatMap((versions) => oneOf(versions, { requirements, python }) ?? []); // prettier-ignore
  return chosen.map(({ name, version }) => `${name}==${version}`).toSorted();
}

/** Limits of the manifest's own, where pip does not read the file that names them. */
function ownLimits({ constraints, readByPip, lock }: Manifest, python: string): string[] {
  if (readByPip || lock !== undefined) return [];
  return constraints.filter(({ url, marker }) => url === undefined && holds(marker, { python })).map(({ name, specifiers }) => `${name}${specifiers}`); // prettier-ignore
}

/** Older locks hold a version for each range of Pythons and do not say which: the newest that fits the Python and the project's own limits. */
function oneOf(
  versions: readonly LockedPackage[],
  { requirements, python }: { requirements: readonly Requirement[]; python: string },
): LockedPackage | undefined {
  if (versions.length < 2) return versions[0];
  const limits = requirements.filter((item) => item.name === versions[0]?.name && holds(item.marker, { python }));
  const fits = versions.filter(
    ({ version, requiresPython = '' }) =>
      meets(`${python}.9`, caret(requiresPython)) && limits.every(({ specifiers }) => meets(version, specifiers, { prereleases: true })), // prettier-ignore
  );
  return fits.toSorted((a, b) => compareVersions(b.version, a.version))[0];
}

const MONTHS_WITHOUT_PINS = 3;
const MONTHS_WITH_PINS = 12;

/**
 * The day as of which versions are chosen: that of the last change, where nobody changed the project for a while. A project that is worked on gets
 * what is new; for one that pins something only what is brought along is old, so that may be older.
 */
function beforeOf(
  { lock, requirements }: Pick<Manifest, 'lock' | 'requirements'>,
  lastCommit: string | undefined,
): string | null {
  if (lastCommit === undefined || lock !== undefined || !/^\d{4}-\d{2}/.test(lastCommit)) return null;
  const hasPin = requirements.some(({ specifiers }) => exactVersion(specifiers) !== undefined);
  const [year = 0, month = 0] = PYTHON_TABLE_MONTH.split('-').map(Number);
  const limit = new Date(Date.UTC(year, month - 1 - (hasPin ? MONTHS_WITH_PINS : MONTHS_WITHOUT_PINS)));
  return lastCommit < limit.toISOString().slice(0, 7) ? lastCommit : null;
}

function choiceOf({ lock, manager }: Manifest, own: readonly string[], isNative: boolean): string {
  if (lock === undefined) return own.join(' ');
  return isNative ? `${manager} with ${lock.path}` : `pip with the versions of ${lock.path}`;
}

function whyOf(
  { path, lock, included }: Manifest,
  { count, before }: { count: number; before: string | null },
): string {
  const groups = included.length === 0 ? '' : ` with those of ${included.join(', ')}`;
  const when = before === null ? '' : `; without exact versions, so as of ${before}, when it was last changed`;
  const locked = lock === undefined ? '' : `, ${lock.path} has their exact versions`;
  return `${path} lists ${count} ${count === 1 ? 'package' : 'packages'}${groups}${locked}${when}`;
}

/** The day as of which versions are chosen; for `choosePython`, which comes first. */
export function versionsAsOf({ manifest }: ProjectFacts, lastCommit: string | undefined): string | null {
  return beforeOf(manifest ?? { lock: undefined, requirements: [] }, lastCommit);
}

function unpinned(found: readonly string[]): Finding {
  return {
    code: 'no-requirements', severity: 'warning', file: null, line: null, message: 'no requirements file: the versions installed today are not those of tomorrow',
    fix: `write requirements.txt with exact versions of: ${found.join(', ')}`,
  }; // prettier-ignore
}

/** What a group of the manifest lists is installed from there, and nobody has to do anything. */
function unlistedFinding(
  { module, distribution, evidence, late, why }: UnlistedImport,
  { manifest, isAdded }: { manifest: Manifest; isAdded: boolean },
): Finding[] {
  const { file, line } = evidence;
  const fix = `add ${distribution} to ${manifest.path}`;
  if (why !== undefined)
    return [
      {
        code: 'hidden-requirement',
        severity: 'warning',
        file,
        line,
        fix,
        message: `${manifest.path} does not list ${distribution}: ${why}; it is installed too`,
      },
    ];
  if ([...manifest.optional.values()].some((list) => list.some(({ name }) => name === distribution))) return [];
  return [{
    code: 'unlisted-import', severity: late ? 'note' : 'warning', file, line, fix,
    message: `${module} is imported, but ${manifest.path} does not list ${distribution}${isAdded ? '; it is installed too' : ''}`,
  }]; // prettier-ignore
}

function broughtAlong(names: readonly string[]): Set<string> {
  const all = new Set(names);
  for (const name of all)
    for (const brought of Object.hasOwn(BROUGHT_BY, name) ? (BROUGHT_BY[name] ?? []) : []) all.add(brought);
  return all;
}

/** Leaves file and line of what a decision rests on. */
export function trimEvidence(decision: Decision): Decision {
  const { evidence } = decision;
  return evidence === undefined ? decision : { ...decision, evidence: placeOf(evidence) };
}

function placeOf({ file, line }: Evidence): Evidence {
  return { file, line };
}

/** The programs that are run: their imports are what must be installed. */
export function programsOf(app: AppFacts | undefined, training: TrainingFacts | undefined): PythonModule[] {
  return [app?.module, training?.module].filter((module) => module !== undefined);
}
