import { BROUGHT_BY, DISTRIBUTION_OF_IMPORT } from '../data/distributions.ts';
import { STANDARD_LIBRARY } from '../data/standard-library.ts';
import { GIT_FOR_VCS, SYSTEM_PACKAGES } from '../data/system-packages.ts';
import type { AppFacts } from '../detect/app.ts';
import { isAside, localModule, type ProjectFacts, reachable } from '../detect/project.ts';
import { normalName, type Requirement } from '../detect/requirements.ts';
import type { TrainingFacts } from '../detect/training.ts';
import type { PythonModule } from '../python/module.ts';
import type { Decision, Evidence, Finding, InstallPlan } from './plan.ts';

/** An import whose distribution no manifest lists. */
export interface UnlistedImport {
  module: string;
  distribution: string;
  evidence: Evidence;
}

export interface Needed {
  install: InstallPlan;
  /** Names of all distributions known to be installed. */
  distributions: ReadonlySet<string>;
  decision: Decision;
  findings: readonly Finding[];
}

/** What has to be installed: the manifest, or what the code imports where there is none. `extra` comes on top. */
export function planInstall(facts: ProjectFacts, programs: readonly PythonModule[], extra: readonly string[]): Needed {
  const { manifest } = facts;
  const unlisted = unlistedImports(facts, programs);
  const listed = manifest?.requirements ?? [];
  const names = new Set([...listed.map(({ name }) => name), ...extra.map(normalName)]);
  if (manifest === undefined || (listed.length === 0 && !manifest.needsProject)) {
    const found = [...new Set([...unlisted.map(({ distribution }) => distribution), ...extra])];
    const [first] = unlisted;
    return {
      install: { files: [], arguments: found, needsProject: false, pins: [], before: null },
      distributions: new Set([...found, ...names]),
      decision: {
        subject: 'packages', choice: found.length === 0 ? 'none' : found.join(', '), evidence: first?.evidence,
        why: found.length === 0 ? 'the code imports nothing from outside' : 'no requirements file; these are what the code imports, in their newest versions',
      },
      findings: found.length === 0 ? [] : [unpinned(found)],
    }; // prettier-ignore
  }
  const written = manifest.readByPip ? ['-r', manifest.path] : listed.map(requirementText);
  return {
    install: {
      files: manifest.files,
      arguments: [...written, ...extra],
      needsProject: manifest.needsProject,
      pins: [],
      before: null,
    },
    distributions: names,
    decision: {
      subject: 'packages',
      choice: written.join(' '),
      why: `${manifest.path} lists ${listed.length} packages`,
      evidence: { file: manifest.path, line: 1 },
    },
    findings: [
      ...manifest.problems.map(problemFinding),
      ...unlisted.map((item) => unlistedFinding(item, manifest.path)),
    ],
  };
}

function requirementText({ name, extras, specifiers, url, marker }: Requirement): string {
  const what = name + (extras.length > 0 ? `[${extras.join(',')}]` : '');
  return `${what}${url === undefined ? specifiers : ` @ ${url}`}${marker === '' ? '' : `; ${marker}`}`;
}

function unpinned(found: readonly string[]): Finding {
  return {
    code: 'no-requirements', severity: 'warning', file: null, line: null, message: 'no requirements file: the versions installed today are not those of tomorrow',
    fix: `write requirements.txt with exact versions of: ${found.join(', ')}`,
  }; // prettier-ignore
}

function problemFinding({ message, file, line }: { message: string; file: string; line: number }): Finding {
  return { code: 'manifest-problem', severity: 'warning', message, file, line, fix: null };
}

function unlistedFinding({ module, distribution, evidence }: UnlistedImport, path: string): Finding {
  return {
    code: 'unlisted-import', severity: 'warning', file: evidence.file, line: evidence.line,
    message: `${module} is imported, but ${path} does not list ${distribution}`, fix: `add ${distribution} to ${path}`,
  }; // prettier-ignore
}

/** Imports of the programs that come neither with Python, nor from the project, nor with what the manifest lists. */
export function unlistedImports(facts: ProjectFacts, programs: readonly PythonModule[]): UnlistedImport[] {
  const present = broughtAlong((facts.manifest?.requirements ?? []).map(({ name }) => name));
  const found = new Map<string, UnlistedImport>();
  const entries = programs.length > 0 ? programs : facts.modules.filter(({ path }) => !isAside(path));
  const modules = new Set(entries.flatMap((entry) => reachable(facts, entry)));
  for (const item of [...modules].flatMap((module) => outsideImports(facts, module)))
    if (!isPresent(present, item.module, item.distribution) && !found.has(item.distribution))
      found.set(item.distribution, item);
  return [...found.values()];
}

function outsideImports({ tree }: ProjectFacts, module: PythonModule): UnlistedImport[] {
  return module.imports.flatMap(({ module: name, line, optional }) => {
    const top = name.split('.')[0] ?? '';
    const isLocal =
      localModule(tree, module, top) !== undefined || tree.files.some(({ path }) => path.startsWith(`${top}/`));
    if (optional || top === '' || STANDARD_LIBRARY.has(top) || isLocal) return [];
    const distribution = DISTRIBUTION_OF_IMPORT[top] ?? normalName(top);
    return [{ module: top, distribution, evidence: { file: module.path, line } }];
  });
}

/** OpenCV, FAISS and others have several distributions for one import name. */
function isPresent(present: ReadonlySet<string>, top: string, distribution: string): boolean {
  const stem = distribution.replace(/-(headless|binary|cpu|gpu)$/, '').replace(/-python$/, '');
  const names = [distribution, normalName(top), stem];
  return (
    names.some((name) => present.has(name)) ||
    [...present].some((name) => name.startsWith(`${stem}-`) || name.startsWith(`${normalName(top)}-`))
  );
}

function broughtAlong(names: readonly string[]): Set<string> {
  const all = new Set(names);
  for (const name of all) for (const brought of BROUGHT_BY[name] ?? []) all.add(brought);
  return all;
}

/** Debian packages, each with its reason. */
export function planSystem(
  facts: ProjectFacts,
  distributions: ReadonlySet<string>,
): { apt: string[]; decisions: Decision[] } {
  const rows = SYSTEM_PACKAGES.filter(({ distribution }) => distributions.has(distribution));
  const fetched = facts.manifest?.requirements.find(({ url }) => url?.startsWith('git+'));
  const decisions = rows.map(({ distribution, packages, why }): Decision => {
    return {
      subject: 'system',
      choice: packages.join(' '),
      why: `${distribution}: ${why}`,
      evidence: facts.manifest?.requirements.find(({ name }) => name === distribution),
    };
  });
  if (fetched !== undefined)
    decisions.push({ subject: 'system', choice: 'git', why: GIT_FOR_VCS.why, evidence: fetched });
  const apt = [...rows.flatMap(({ packages }) => packages), ...(fetched === undefined ? [] : GIT_FOR_VCS.packages)];
  return { apt: [...new Set(apt)].toSorted(), decisions };
}

/** Leaves file and line of what a decision rests on. */
export function trimEvidence(decision: Decision): Decision {
  const { evidence } = decision;
  return evidence === undefined ? decision : { ...decision, evidence: { file: evidence.file, line: evidence.line } };
}

/** The programs that are run: their imports are what must be installed. */
export function programsOf(app: AppFacts | undefined, training: TrainingFacts | undefined): PythonModule[] {
  return [app?.module, training?.module].filter((module) => module !== undefined);
}
