import { isAside, type ProjectFacts, reachable } from '../detect/project.ts';
import { baseOf } from '../files.ts';
import type { ModelFacts } from '../models/model.ts';
import type { PythonModule } from '../python/module.ts';
import { exactVersion, meets } from '../version.ts';
import type { Decision, Finding, ModelPlan } from './plan.ts';

/** What the models of a folder ask of the packages. */
export interface ModelChoice {
  models: readonly ModelPlan[];
  /** `scikit-learn==1.3.2`: for what nothing lists, so that it has to be installed too. */
  extra: readonly string[];
  /** The same for what the manifest lists without an exact version. */
  pins: readonly string[];
  decisions: readonly Decision[];
  findings: readonly Finding[];
}

const SOURCE = 'scikit-learn, "Model persistence", and the Git LFS specification; 2026-11';

/** Which versions the models need that the programs open, and what is wrong with them. */
export function planModels(facts: ProjectFacts, programs: readonly PythonModule[]): ModelChoice {
  const own = facts.models.filter(({ path }) => !isAside(path));
  const [wanted] = own.filter(isVersioned);
  const asked = wanted === undefined ? undefined : versionAsked(facts, wanted);
  const opens = wanted !== undefined && (programs.length === 0 || opensPickles(facts, programs));
  const text = wanted === undefined ? '' : `scikit-learn==${wanted.framework?.version ?? ''}`;
  const isFree = opens && (asked === undefined || asked.allows === 'this-and-others');
  return {
    models: own.map(modelPlan),
    extra: isFree && asked === undefined ? [text] : [],
    pins: isFree && asked !== undefined ? [text] : [],
    decisions: isFree ? [{ subject: 'model', choice: text, why: `${wanted.path} was written by it, and its pickles are read by the same version only`, source: SOURCE }] : [],
    findings: [...(wanted !== undefined && asked?.allows === 'others' ? [mismatch(wanted, asked)] : []), ...own.flatMap(faultsOf)],
  };
} // prettier-ignore

/** How it stands in the plan. */
export function modelPlan({ path, format, framework, bytes }: ModelFacts): ModelPlan {
  return { path, format, madeWith: madeWith(framework), bytes };
}

function madeWith(framework: ModelFacts['framework']): string | null {
  if (framework === undefined) return null;
  return framework.version === null ? framework.name : `${framework.name} ${framework.version}`;
}

function isVersioned({ framework }: ModelFacts): boolean {
  return framework?.name === 'scikit-learn' && framework.version !== null;
}

interface Asked {
  /** The exact version, where one is named. */
  version: string | undefined;
  allows: 'this' | 'this-and-others' | 'others';
  file: string;
  line: number;
}

/** What the manifest, or its lock, says of scikit-learn; undefined if it says nothing. */
function versionAsked({ manifest }: ProjectFacts, { framework }: ModelFacts): Asked | undefined {
  const listed = manifest?.requirements.find(({ name }) => name === 'scikit-learn');
  const locked = manifest?.lock?.packages.find(({ name }) => name === 'scikit-learn')?.version;
  if (manifest === undefined || (listed === undefined && locked === undefined)) return undefined;
  const made = framework?.version ?? '';
  const version = locked ?? exactVersion(listed?.specifiers ?? '');
  const place = { file: listed?.file ?? manifest.path, line: listed?.line ?? 0 };
  if (version !== undefined) return { ...place, version, allows: minorOf(version) === minorOf(made) ? 'this' : 'others' };
  return { ...place, version, allows: meets(made, listed?.specifiers ?? '') ? 'this-and-others' : 'others' };
} // prettier-ignore

function minorOf(version: string): string {
  return version.split('.').slice(0, 2).join('.');
}

function mismatch({ path, framework }: ModelFacts, { version, file, line }: Asked): Finding {
  const made = framework?.version ?? '';
  const asks = version === undefined ? `${file} excludes that version` : `${file}${line > 0 ? `:${line}` : ''} asks for ${version}`; // prettier-ignore
  return {
    code: 'sklearn-pickle-version', severity: 'warning', file: path, line: null,
    message: `${path} was written by scikit-learn ${made}, and ${asks}: pickles are read by the same version only`, fix: `scikit-learn==${made} in ${file}, or train again`,
  }; // prettier-ignore
}

/** True where a program reads some file by pickle or joblib. */
function opensPickles(facts: ProjectFacts, programs: readonly PythonModule[]): boolean {
  const modules = programs.flatMap((program) => reachable(facts, program));
  const names = new Set(facts.models.map(({ path }) => baseOf(path)));
  return modules.some(
    ({ calls, files, imports }) =>
      files.some(({ path, mode }) => mode === 'read' && names.has(baseOf(path))) ||
      [...calls].some((call) => /^(?:pickle|joblib|cPickle|dill|cloudpickle)\.loads?$/.test(call)) ||
      imports.some(({ module, names: from }) => /^(?:joblib|pickle)$/.test(module) && from.includes('load')),
  );
}

function faultsOf({ path, format, dangerous, problem }: ModelFacts): Finding[] {
  const at = { file: path, line: null };
  if (format === 'git-lfs-pointer')
    return [{ ...at, code: 'git-lfs-pointer', severity: 'error', message: `${path} is a pointer of Git LFS: the file itself was not fetched`, fix: 'run `git lfs pull` in the folder' }]; // prettier-ignore
  if (dangerous.length > 0)
    return [{ ...at, code: 'dangerous-pickle', severity: 'error', message: `${path} calls ${dangerous.slice(0, 3).join(', ')} when it is loaded: no model does that`, fix: 'do not load it; take the model from a source you trust, as safetensors or ONNX' }]; // prettier-ignore
  if (problem === undefined || format === 'torch' || format === 'pickle') return [];
  return [{ ...at, code: 'unreadable-model', severity: 'note', message: `${path}: ${problem}`, fix: null }];
}
