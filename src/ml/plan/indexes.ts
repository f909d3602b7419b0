import {
  CUDA_COMPANIONS,
  ON_TORCH_INDEXES,
  TORCH_CPU_INDEX,
  TORCH_RELEASES,
  torchCudaIndex,
  torchRocmIndex,
} from '../data/torch.ts';
import { TENSORFLOW_RELEASES } from '../data/tensorflow.ts';
import type { ProjectFacts } from '../detect/project.ts';
import { compareVersions } from '../version.ts';
import { namedIndexes } from './accelerator.ts';
import { dotted, driverFloor } from './cuda.ts';
import type { KnownPackage, KnownPackages } from './known-packages.ts';
import type { Accelerator, Decision, Evidence, Finding } from './plan.ts';

export interface IndexChoice {
  /** Those that the project names, and the framework vendor's that is added. */
  indexes: readonly string[];
  decisions: readonly Decision[];
  findings: readonly Finding[];
}

export interface IndexQuestion {
  facts: ProjectFacts;
  packages: KnownPackages;
  accelerator: Accelerator;
  /** Driver of the GPU's host, where it is known: `535.104.05`. */
  driver: string | undefined;
}

const VENDOR =
  /^https?:\/\/(?:download\.pytorch\.org|storage\.googleapis\.com\/jax-releases|pypi\.nvidia\.com|repo\.radeon\.com|www\.paddlepaddle\.org\.cn)\b/;
const TORCH_SOURCE = 'PyTorch, "Get started"; 2026-11';

/** Where packages come from beside the user's own index: CUDA's gigabytes come along unless torch is taken from the index for processors. */
export function planIndexes(question: IndexQuestion): IndexChoice {
  const { facts, packages, accelerator } = question;
  const named = namedIndexes(facts);
  const own = [...new Set(named.map(({ url }) => url))];
  const findings = [...extraIndexTrap(facts), ...tensorflowForProcessors(packages, accelerator)];
  const torch = [...ON_TORCH_INDEXES].map((name) => packages.get(name)).find((known) => known !== undefined);
  const isNamed = own.some((url) => VENDOR.test(url));
  if (torch === undefined || isNamed) return { indexes: own, decisions: own.map((url) => namedDecision(url, named)), findings };
  const decisions = own.map((url) => namedDecision(url, named));
  const fixed = lockedBuild(facts, torch);
  if (fixed !== undefined) return { indexes: own, decisions, findings: [...findings, ...(accelerator === 'cpu' && !(torch.version ?? '').endsWith('+cpu') ? [fixed] : [])] };
  const added = torchIndex(question, torch);
  if (added === undefined) return { indexes: own, decisions, findings };
  return { indexes: [...own, added.choice], decisions: [...decisions, added], findings };
} // prettier-ignore

function namedDecision(url: string, named: readonly (Evidence & { url: string })[]): Decision {
  const evidence = named.find((one) => one.url === url);
  return { subject: 'index', choice: url, why: 'the project names it', evidence };
}

/** Digests of files, an address, or a lock of one build say which torch is installed; no index changes that. A lock's version has a build for processors too. */
function lockedBuild(facts: ProjectFacts, torch: KnownPackage): Finding | undefined {
  const lock = facts.manifest?.lock;
  const isHashed = facts.manifest?.requirements.some(({ name, hashed }) => name === torch.name && hashed === true) ?? false;
  const isOneBuild = lock !== undefined && (torch.version ?? '').includes('+');
  if (!isOneBuild && !isHashed && torch.url === undefined) return undefined;
  const brings = lock?.packages.filter(({ name }) => CUDA_COMPANIONS.some((pattern) => pattern.test(name))) ?? [];
  const what = lock === undefined ? 'the requirements name' : `${lock.path} holds`;
  return {
    code: 'cuda-wheels', severity: 'warning', file: torch.evidence?.file ?? lock?.path ?? null, line: torch.evidence?.line ?? null,
    message: `${what} torch for CUDA${brings.length > 0 ? ` with ${brings.length} packages of NVIDIA's` : ''}, which this image for processors never uses`,
    fix: `lock torch from the index for processors: ${TORCH_CPU_INDEX}`,
  };
} // prettier-ignore

function torchIndex(question: IndexQuestion, torch: KnownPackage): Decision | undefined {
  const { accelerator, packages, driver } = question;
  const evidence = (packages.get('torch') ?? torch).evidence ?? bringer(packages)?.evidence;
  const how = torch.source === 'transitive' ? `torch comes along with ${bringer(packages)?.name ?? 'another package'}` : 'torch is installed';
  if (accelerator === 'cpu' || accelerator === 'none')
    return {
      subject: 'index', choice: TORCH_CPU_INDEX, evidence, source: TORCH_SOURCE,
      why: `${how}, and the build of the usual index brings gigabytes of CUDA that nothing here uses${question.facts.manifest?.lock === undefined ? '' : '; the versions stay those of the lock'}`,
    };
  const version = packages.get('torch')?.version ?? undefined;
  if (accelerator === 'rocm') {
    const rocm = /\+rocm(\d+\.\d+)/.exec(version ?? '')?.[1];
    return rocm === undefined ? undefined : { subject: 'index', choice: torchRocmIndex(rocm), why: `${how} in its build for ROCm ${rocm}`, evidence, source: TORCH_SOURCE };
  }
  const local = /\+cu(\d{2,3})$/.exec(version ?? '')?.[1];
  if (local !== undefined)
    return { subject: 'index', choice: torchCudaIndex(dotted(local)), why: `${how} in its build for CUDA ${dotted(local)}`, evidence, source: TORCH_SOURCE };
  return olderCuda(version, driver, evidence);
} // prettier-ignore

/** The requirement that brings torch along, as far as the tables know. */
function bringer(packages: KnownPackages): KnownPackage | undefined {
  return [...packages.values()].find(({ name, source }) => source !== 'transitive' && BRINGERS.test(name));
}

const BRINGERS = /transformers|torch|ultralytics|timm|whisper|accelerate|peft|lightning|fastai|easyocr|diffusers|flair|bertopic|setfit|docling|marker|yolo|clip|stanza|speechbrain|detectron|tts|demucs|surya|gliner/; // prettier-ignore

/** The host's driver is too old for the build of the usual index: one for an older CUDA is taken. */
function olderCuda(version: string | undefined, driver: string | undefined, evidence: Evidence | undefined): Decision | undefined {
  if (driver === undefined) return undefined;
  const release = (version === undefined ? undefined : TORCH_RELEASES.find((row) => row.version === version)) ?? TORCH_RELEASES.at(-1);
  const floor = driverFloor(release?.usual ?? '');
  if (release === undefined || floor === undefined || compareVersions(driver, floor) >= 0) return undefined;
  const fits = Object.keys(release.cuda).filter((cuda) => compareVersions(driver, driverFloor(cuda) ?? '0') >= 0);
  const best = fits.toSorted(compareVersions).at(-1);
  if (best === undefined) return undefined;
  return { subject: 'index', choice: torchCudaIndex(best), evidence, source: 'NVIDIA, "CUDA Compatibility"; 2026-11', why: `the driver ${driver} of this host is too old for CUDA ${release.usual} of the usual index` };
} // prettier-ignore

/** TensorFlow's usual wheel holds the code for GPUs too; there is a distribution without it. */
function tensorflowForProcessors(packages: KnownPackages, accelerator: Accelerator): Finding[] {
  const known = packages.get('tensorflow');
  if (accelerator !== 'cpu' || known?.source !== 'direct' || known.extras.length > 0) return [];
  const { version, evidence } = known;
  const release = version === null ? TENSORFLOW_RELEASES.at(-1) : TENSORFLOW_RELEASES.findLast((row) => compareVersions(row.version, version) <= 0);
  if (release?.cpuPackage !== true) return [];
  return [{
    code: 'tensorflow-with-gpu-code', severity: 'note', file: evidence?.file ?? null, line: evidence?.line ?? null, fix: `replace tensorflow by tensorflow-cpu${version === null ? '' : `==${version}`}`,
    message: 'the wheel of tensorflow holds code for GPUs too: tensorflow-cpu is the same without it, less than half as large',
  }];
} // prettier-ignore

/** With two indexes pip takes the highest version of either: whoever registers a private name at the public one is installed. */
function extraIndexTrap(facts: ProjectFacts): Finding[] {
  const index = facts.manifest?.index;
  const extra = (index?.extra ?? []).filter(({ url }) => !VENDOR.test(url));
  if (facts.manifest?.manager === 'uv' || facts.manifest?.manager === 'poetry' || facts.manifest?.manager === 'pdm') return [];
  return extra.map(({ url, file, line }) => ({
    code: 'extra-index', severity: 'warning' as const, file, line,
    message: `pip takes the highest version that ${hostOf(url)} or the main index has: whoever registers one of its names at the other is installed`,
    fix: 'serve both from one index (--index-url), or pin with --hash',
  }));
} // prettier-ignore

function hostOf(url: string): string {
  return /^[a-z+]+:\/\/(?:[^/?#]*@)?([^/:?#]+)/i.exec(url)?.[1] ?? url;
}
