import { CUDA_COMPILED } from '../data/compiled.ts';
import { TORCH_CPU_INDEX } from '../data/torch.ts';
import { type ProjectFacts, reachable } from '../detect/project.ts';
import { parseRequirement } from '../detect/requirements.ts';
import type { PythonModule } from '../python/module.ts';
import { type AcceleratorChoice, namedIndexes, planAccelerator } from './accelerator.ts';
import { type BaseChoice, planBase } from './base.ts';
import { type CudaChoice, type HostGpu, planCuda } from './cuda.ts';
import { frameworksOf } from './frameworks.ts';
import { type IndexChoice, planIndexes } from './indexes.ts';
import { type KnownPackages, knownPackages } from './known-packages.ts';
import { planMemory } from './memory.ts';
import type { NativeFile } from './native-libraries.ts';
import type { Needed } from './install.ts';
import type { PackageIndex, ResolvedPackage } from './package-index.ts';
import type { Accelerator, Decision, Finding, FrameworkPlan, InstallPlan } from './plan.ts';
import { requirementsToAsk, type ResolvedPlan, resolvePackages } from './resolve-packages.ts';
import { planSystem } from './system.ts';
import { debianChoice, type DebianChoice, debianDecisions, debianInstall, noCpuIndex, withoutDebian } from './vendor-fallback.ts'; // prettier-ignore

export interface PackageQuestion {
  facts: ProjectFacts;
  /** What is served, else what trains: what it reaches decides about GPUs. */
  served: readonly PythonModule[];
  /** Everything that runs. */
  programs: readonly PythonModule[];
  needed: Needed;
  python: { version: string; fits: readonly string[]; isFixed: boolean };
  options: PackageOptions;
  /** The index is asked in any case: it was, and did not answer for all. */
  isSure?: boolean;
}

export interface PackageOptions {
  index?: PackageIndex | undefined;
  /** Otherwise the index is asked only where its answer changes what is installed. */
  asksAlways?: boolean | undefined;
  accelerator?: 'cpu' | 'gpu' | undefined;
  host?: HostGpu | undefined;
  /** Shared libraries of wheels that are at hand. */
  native?: readonly NativeFile[] | undefined;
  /** `x86_64` if undefined. */
  machine?: string | undefined;
}

/** Everything about what is installed, on what, and from where. */
export interface PackageDecisions {
  frameworks: readonly FrameworkPlan[];
  accelerator: Accelerator;
  indexes: readonly string[];
  constraints: readonly string[];
  python: string;
  base: string;
  apt: readonly string[];
  install: InstallPlan;
  shmBytes: number | null;
  /** What the index answered, without what Debian brings; undefined where it was not asked or did not answer. */
  resolved: readonly ResolvedPackage[] | undefined;
  /** What the usual index alone would bring, where that differs: CUDA in an image for processors. */
  usual: readonly ResolvedPackage[] | undefined;
  decisions: readonly Decision[];
  findings: readonly Finding[];
  unknown: readonly string[];
}

interface Chosen {
  device: AcceleratorChoice;
  placed: IndexChoice;
  answer: ResolvedPlan;
  cuda: CudaChoice;
  base: BaseChoice;
  debian: DebianChoice | undefined;
  usual: readonly ResolvedPackage[] | undefined;
}

/** Decides what is installed, for which accelerator, from which indexes, on which base. */
export async function decidePackages(question: PackageQuestion): Promise<PackageDecisions> {
  const { facts, served, options, needed } = question;
  const known = knownPackages({ manifest: facts.manifest, asked: needed.asked, imported: needed.imported, python: question.python.version });
  const device = planAccelerator({ facts, packages: known, programs: served, wish: options.accelerator });
  const placed = planIndexes({ facts, packages: known, accelerator: device.accelerator, driver: options.host?.driver });
  const first = await ask(question, known, placed.indexes);
  const isOpen = known.get('torch')?.version?.includes('+') !== true;
  const fallback = isOpen && placed.indexes.includes(TORCH_CPU_INDEX) && first.silent === hostOf(TORCH_CPU_INDEX) ? await askWithout(question, known, placed) : undefined;
  const { answer = first, debian, indexes = placed.indexes, findings = [] } = fallback ?? {};
  const cuda = device.accelerator === 'gpu' ? planCuda({ packages: answer.packages, indexes, host: options.host ?? {} }) : { cuda: null, decisions: [], findings: [] };
  const python = debian?.python ?? question.python.version;
  const base = planBase({ python, packages: answer.packages, accelerator: device.accelerator, cuda: cuda.cuda });
  const usual = options.asksAlways === true && placed.indexes.includes(TORCH_CPU_INDEX) && answer.resolved !== undefined ? (await ask(question, known, placed.indexes.filter((url) => url !== TORCH_CPU_INDEX))).resolved : undefined;
  return together(question, { usual, device, placed: { ...placed, indexes, findings: [...placed.findings, ...findings] }, answer, cuda, base, debian });
} // prettier-ignore

function hostOf(url: string): string {
  return new URL(url).hostname;
}

async function ask(question: PackageQuestion, known: KnownPackages, indexes: readonly string[]): Promise<ResolvedPlan> {
  const { facts, needed, options, python } = question;
  const { install } = needed;
  const own = (facts.manifest?.constraints ?? []).filter(({ url }) => url === undefined);
  return resolvePackages({
    index: options.asksAlways === true || install.before !== null || indexes.includes(TORCH_CPU_INDEX) || question.isSure === true ? options.index : undefined, packages: known, imports: importsOf(question), before: install.before,
    ownConstraints: [...own.map(({ name, specifiers }) => `${name}${specifiers}`), ...install.pins],
    question: { requirements: requirementsToAsk(needed.asked, python.version), python: python.version, platform: platformOf(question), indexes, before: install.before, ...findLinksOf(question) },
  });
} // prettier-ignore

/** Pages on the network; folders of the project are not looked into. */
function findLinksOf({ facts }: PackageQuestion): { findLinks?: readonly string[] } {
  const pages = (facts.manifest?.index.findLinks ?? [])
    .map(({ url }) => url)
    .filter((url) => url.startsWith('https://'));
  return pages.length === 0 ? {} : { findLinks: pages };
}

/** Wheels for the C library of the Debian that the base is made of. */
function platformOf({ options, python }: PackageQuestion): string {
  const glibc = Number(python.version.split('.')[1]) >= 10 ? '2_36' : '2_31';
  return `${options.machine ?? 'x86_64'}-manylinux_${glibc}`;
}

function importsOf({ facts, programs }: PackageQuestion): ReadonlySet<string> {
  const entries = programs.length > 0 ? programs.flatMap((program) => reachable(facts, program)) : facts.modules;
  return new Set(entries.flatMap(({ imports }) => imports.map(({ module }) => module.split('.')[0] ?? '')));
}

/** The index for processors does not answer: torch comes from Debian where that fits, else from the usual index with all of CUDA. */
async function askWithout(
  question: PackageQuestion,
  known: KnownPackages,
  placed: IndexChoice,
): Promise<{ answer: ResolvedPlan; debian: DebianChoice | undefined; indexes: readonly string[]; findings: Finding[] }> {
  const indexes = placed.indexes.filter((url) => url !== TORCH_CPU_INDEX);
  const { version, fits, isFixed } = question.python;
  const isBuiltAgainst = buildFirstOf(question.needed.asked, known).buildFirst !== undefined;
  const debian = isBuiltAgainst ? undefined : debianChoice(known, isFixed ? [version] : [version, ...fits]);
  if (debian !== undefined) {
    const pins = debian.packages.map((row) => `${row.distribution}==${row.version}`);
    const python = { ...question.python, version: debian.python };
    const install = { ...question.needed.install, pins: [...question.needed.install.pins, ...pins] };
    const answer = await ask({ ...question, isSure: true, python, needed: { ...question.needed, install } }, known, indexes);
    if (answer.resolved !== undefined) return { answer, debian, indexes, findings: [noCpuIndex(known, debian)] };
  }
  return { answer: await ask({ ...question, isSure: true }, known, indexes), debian: undefined, indexes, findings: [noCpuIndex(known, undefined)] };
} // prettier-ignore

function together(question: PackageQuestion, { device, placed, answer, cuda, base, debian, usual }: Chosen): PackageDecisions {
  const { facts, programs } = question;
  const { packages, resolved, constraints } = answer;
  const withoutWheel = (resolved ?? []).filter(({ wheel }) => wheel === null).map(({ name }) => name);
  const system = planSystem({ facts, packages, imports: importsOf(question), withoutWheel, native: question.options.native ?? [] });
  const memory = planMemory(facts, programs, packages);
  const extra = [...constraints.extra, ...base.extra];
  const suite = debian?.suite ?? system.suite;
  const named = suite === undefined || !base.base.startsWith('python:') ? base.base : `${base.base}-${suite}`;
  return {
    frameworks: frameworksOf(packages), accelerator: device.accelerator, indexes: placed.indexes, constraints: constraints.constraints,
    python: debian?.python ?? question.python.version,
    base: named,
    apt: [...new Set([...system.apt, ...(debian?.packages ?? []).map((row) => row.package)])].toSorted(),
    install: installOf(question, { install: withoutManager(question, placed), extra, answer, debian, buildApt: system.buildApt }),
    shmBytes: memory.shmBytes,
    resolved: resolved === undefined || debian === undefined ? resolved : withoutDebian(resolved, debian).kept,
    usual,
    decisions: [
      device.decision, ...cuda.decisions, ...placed.decisions.filter(({ choice }) => placed.indexes.includes(choice)), ...constraints.decisions,
      ...base.decisions.map((one) => (one.subject === 'base' ? { ...one, choice: named } : one)), ...(debian === undefined ? [] : debianDecisions(debian)), ...system.decisions, ...memory.decisions,
    ],
    findings: [...device.findings, ...placed.findings, ...constraints.findings, ...answer.findings, ...cuda.findings, ...base.findings, ...system.findings],
    unknown: answer.unknown,
  };
} // prettier-ignore

function installOf(
  { options, needed }: PackageQuestion,
  { install, extra, answer, debian, buildApt }: { install: InstallPlan; extra: readonly string[]; answer: ResolvedPlan; debian: DebianChoice | undefined; buildApt: readonly string[] },
): InstallPlan {
  const missing = extra.filter((text) => !install.arguments.includes(text));
  const isOpen = install.pins.length === 0 && (options.asksAlways === true || install.before !== null) && ![...answer.packages.values()].some(({ hashed }) => hashed);
  const pins = isOpen ? pinsOf(answer.resolved ?? []) : install.pins;
  const all = { ...install, arguments: [...install.arguments, ...missing], pins, ...(buildApt.length > 0 && { buildApt }), ...buildFirstOf(needed.asked, answer.packages) };
  return debian === undefined || answer.resolved === undefined ? all : debianInstall(all, debian, answer.resolved);
} // prettier-ignore

/** Torch is taken from another index than the lock's: pip installs the lock's versions, for the manager would insist on the lock's files. */
function withoutManager({ needed, facts }: PackageQuestion, placed: IndexChoice): InstallPlan {
  const { commands, tools: _, ...rest } = needed.install;
  const isNamed = namedIndexes(facts).some(({ url }) => url === TORCH_CPU_INDEX);
  if (commands === undefined) return needed.install;
  return isNamed || !placed.indexes.includes(TORCH_CPU_INDEX) ? needed.install : { ...rest, commands: [] };
}

/** Packages whose build imports torch find it only where it is installed before them. */
function buildFirstOf(asked: readonly string[], packages: KnownPackages): { buildFirst?: readonly string[] } {
  const compiled = CUDA_COMPILED.some(({ distribution, againstTorch }) => againstTorch === true && packages.get(distribution)?.source === 'direct');
  if (!compiled || !packages.has('torch')) return {};
  const torch = asked.find((text) => parseRequirement(text)?.name === 'torch') ?? 'torch';
  return { buildFirst: ['setuptools<81', 'wheel', 'packaging', 'ninja', torch] };
} // prettier-ignore

/** What the index has, or had on the day of the project's last change: the same each time it is installed. */
function pinsOf(resolved: readonly ResolvedPackage[]): string[] {
  return resolved
    .filter(({ version }) => version !== '')
    .map(({ name, version }) => `${name}==${version}`)
    .toSorted();
}
