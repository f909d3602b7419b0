import { PYTHONS, USUAL_PYTHON, WHEEL_SUPPORT } from '../data/python-support.ts';
import type { Requirement } from '../detect/requirements.ts';
import type { ProjectFacts } from '../detect/project.ts';
import { compareVersions, exactVersion, meets } from '../version.ts';
import type { Evidence, Finding } from './plan.ts';

export interface PythonChoice {
  version: string;
  why: string;
  evidence: Evidence | undefined;
  findings: readonly Finding[];
}

/** What the caller insists on instead of what the files say. */
export interface PythonWish {
  version?: string | undefined;
  why?: string | undefined;
  evidence?: Evidence | undefined;
}

interface Limit {
  specifiers: string;
  why: string;
  evidence: Evidence;
}

/** Which Python a project gets: what its files name, else the usual one, else the nearest that everything pinned has wheels for. */
export function choosePython(facts: ProjectFacts, wish: PythonWish = {}): PythonChoice {
  if (wish.version !== undefined)
    return {
      version: minor(wish.version),
      why: wish.why ?? 'asked for',
      evidence: wish.evidence,
      findings: conflicts(facts, minor(wish.version)),
    };
  const [request] = facts.pythonRequests;
  if (request !== undefined) {
    const evidence = { file: request.file, line: request.line };
    return {
      version: minor(request.version),
      why: `${request.file} names it`,
      evidence,
      findings: conflicts(facts, minor(request.version)),
    };
  }
  const limits = limitsOf(facts);
  const order = [USUAL_PYTHON, ...PYTHONS.toSorted((a, b) => distance(a) - distance(b))];
  const fits = (version: string): boolean => limits.every(({ specifiers }) => meets(version, specifiers));
  const version = order.find(fits);
  if (version === undefined) return contradiction(limits);
  const excluded = limits.find(({ specifiers }) => !meets(USUAL_PYTHON, specifiers));
  if (excluded !== undefined) return { version, why: excluded.why, evidence: excluded.evidence, findings: [] };
  const [limit] = limits;
  const why =
    limit === undefined
      ? 'nothing in the project names a version; nearly every package has wheels for this one'
      : `the usual one; fits: ${limit.why}`;
  return { version, why, evidence: limit?.evidence, findings: [] };
}

function minor(version: string): string {
  return version.split('.').slice(0, 2).join('.');
}

/** Newer ones come before older ones at the same distance. */
function distance(version: string): number {
  const steps = Number(version.split('.')[1]) - Number(USUAL_PYTHON.split('.')[1]);
  return steps >= 0 ? steps * 2 : -steps * 2 + 1;
}

function limitsOf(facts: ProjectFacts): Limit[] {
  const limits: Limit[] = [];
  const wanted = facts.manifest?.requiresPython;
  if (wanted !== undefined)
    limits.push({
      specifiers: forMinor(wanted.specifiers),
      why: `${wanted.file} wants Python ${wanted.specifiers}`,
      evidence: { file: wanted.file, line: 0 },
    });
  for (const module of facts.modules) {
    const { syntax } = module;
    if (syntax === undefined) continue;
    limits.push({
      specifiers: `>=${syntax.version}`,
      why: `${module.path} uses ${syntax.what}`,
      evidence: { file: module.path, line: syntax.line },
    });
  }
  for (const requirement of facts.manifest?.requirements ?? []) {
    const support = wheelSupport(requirement);
    if (support === undefined) continue;
    const name = `${requirement.name} ${exactVersion(requirement.specifiers) ?? ''}`;
    limits.push({
      specifiers: support,
      why: `${name} has wheels for Python ${support.replace(',', ' and ')}`,
      evidence: requirement,
    });
  }
  return limits;
}

/** `>=3.9.1` speaks of patch releases; here only minor ones are chosen, whose newest patch release is meant. */
function forMinor(specifiers: string): string {
  return specifiers
    .replace(/(>=|~=)\s*(\d+\.\d+)\.\d+/g, (_, __, version: string) => `>=${version}`)
    .replace(/<\s*4(\.0)*/, '<4');
}

function wheelSupport({ name, specifiers, marker }: Requirement): string | undefined {
  const exact = exactVersion(specifiers);
  if (exact === undefined || marker !== '') return undefined;
  return WHEEL_SUPPORT.find((row) => row.distribution === name && meets(exact, row.versions))?.pythons;
}

function conflicts(facts: ProjectFacts, version: string): Finding[] {
  return limitsOf(facts)
    .filter(({ specifiers }) => !meets(version, specifiers))
    .map(({ why, evidence }) => ({
      code: 'python-conflict', severity: 'warning', message: `Python ${version} is to be used, but ${why}`, file: evidence.file, line: evidence.line, fix: null,
    })); // prettier-ignore
}

function contradiction(limits: readonly Limit[]): PythonChoice {
  const oldest = limits.toSorted((a, b) => compareVersions(newest(a), newest(b)))[0];
  const version = oldest === undefined ? USUAL_PYTHON : newest(oldest);
  const message = `no Python fits everything: ${limits.map(({ why }) => why).join('; ')}`;
  const finding: Finding = {
    code: 'python-contradiction',
    severity: 'error',
    message,
    file: oldest?.evidence.file ?? null,
    line: oldest?.evidence.line ?? null,
    fix: 'relax one of these versions',
  };
  return { version, why: message, evidence: oldest?.evidence, findings: [finding] };
}

function newest({ specifiers }: Limit): string {
  return PYTHONS.find((version) => meets(version, specifiers)) ?? USUAL_PYTHON;
}
