import { BRINGS_FRAMEWORK } from '../data/transitive-frameworks.ts';
import { parseRequirement, requirementText } from '../detect/requirements.ts';
import { holds } from '../markers.ts';
import { type ConstraintChoice, type ConstraintQuestion, planConstraints } from './constraints.ts';
import { type KnownPackages, withResolved } from './known-packages.ts';
import type { PackageIndex, Resolution, ResolvedPackage, ResolveQuestion } from './package-index.ts';
import type { Finding } from './plan.ts';

export interface ResolvedPlan {
  /** With exact versions where the index answered. */
  packages: KnownPackages;
  /** Undefined where no index was asked or none answered. */
  resolved: readonly ResolvedPackage[] | undefined;
  constraints: ConstraintChoice;
  findings: readonly Finding[];
  unknown: readonly string[];
  /** The index that did not answer. */
  silent: string | undefined;
}

export interface ResolvePlanQuestion extends ConstraintQuestion {
  index: PackageIndex | undefined;
  question: Omit<ResolveQuestion, 'constraints'>;
  /** Limits that the project itself writes beside its requirements. */
  ownConstraints: readonly string[];
}

/** Asks the index what the requirements bring, with the limits that the tables know of; what it answers may call for more of them. */
export async function resolvePackages(asked: ResolvePlanQuestion): Promise<ResolvedPlan> {
  const { index, question, packages, ownConstraints } = asked;
  let constraints = planConstraints(asked);
  if (index === undefined || question.requirements.length === 0)
    return { packages, resolved: undefined, constraints, findings: [], unknown: index === undefined ? [] : nothingAsked(question), silent: undefined };
  const ask = async (limits: ConstraintChoice): Promise<Resolution> =>
    index.resolve({ ...question, requirements: [...question.requirements, ...limits.extra], constraints: [...ownConstraints, ...limits.constraints] });
  let answer = await ask(constraints);
  const linked = answer.kind === 'unreachable' ? linkedAt(question.requirements, answer.host) : [];
  if (linked.length > 0) {
    const rest = await resolvePackages({ ...asked, question: { ...question, requirements: question.requirements.filter((text) => !linked.includes(text)) } });
    return { ...rest, unknown: [...rest.unknown, `what ${linked.join(', ')} brings along: its host does not answer`] };
  }
  const brought = answer.kind === 'resolved' ? broughtByUnbuilt(answer.packages) : [];
  if (brought.length > 0) {
    const more = await index.resolve({ ...question, requirements: [...question.requirements, ...constraints.extra, ...brought], constraints: [...ownConstraints, ...constraints.constraints] });
    if (more.kind === 'resolved') return answered(packages, more.packages, constraints);
  }
  for (let round = 0; round < 2 && answer.kind === 'resolved'; round++) {
    const next = planConstraints({ ...asked, packages: withResolved(packages, answer.packages) });
    if (sameLimits(next, constraints)) break;
    const again = await ask(next);
    if (again.kind !== 'resolved') break;
    [constraints, answer] = [next, again];
  }
  if (answer.kind === 'conflict' && constraints.constraints.length > 0) {
    const free = await ask({ ...constraints, constraints: [], extra: [] });
    if (free.kind === 'resolved') return { ...answered(packages, free.packages, { ...constraints, constraints: [], extra: [], decisions: [] }), findings: [limitsConflict(constraints)] };
  }
  return outcome(packages, answer, constraints);
} // prettier-ignore

/** Requirements that come from an address of a host. */
function linkedAt(requirements: readonly string[], host: string | undefined): string[] {
  return host === undefined ? [] : requirements.filter((text) => text.includes(`://${host}/`));
}

/** What the tables know that a distribution without a wheel brings along, and that nothing else brought. */
function broughtByUnbuilt(resolved: readonly ResolvedPackage[]): string[] {
  const names = new Set(resolved.map(({ name }) => name));
  const unbuilt = resolved.filter(({ wheel }) => wheel === null).map(({ name }) => name);
  const brought = unbuilt.flatMap((name) => (Object.hasOwn(BRINGS_FRAMEWORK, name) ? (BRINGS_FRAMEWORK[name] ?? []) : []));
  return [...new Set(brought)].filter((name) => !names.has(name));
} // prettier-ignore

function nothingAsked({ requirements }: Omit<ResolveQuestion, 'constraints'>): string[] {
  return requirements.length > 0 ? ['what the packages bring along'] : [];
}

function sameLimits(a: ConstraintChoice, b: ConstraintChoice): boolean {
  return limitsText(a) === limitsText(b);
}

function limitsText({ constraints, extra }: ConstraintChoice): string {
  return [...constraints, '', ...extra].join('\n');
}

function answered(
  packages: KnownPackages,
  resolved: readonly ResolvedPackage[],
  constraints: ConstraintChoice,
): ResolvedPlan {
  const left = resolved.filter(({ wheel }) => wheel === null).map(({ name }) => name);
  const unknown = left.length === 0 ? [] : [`what ${left.join(', ')} would bring along: there is no wheel, and nothing is built to find out`];
  return { packages: withResolved(packages, resolved), resolved, constraints, findings: [], unknown, silent: undefined };
} // prettier-ignore

function outcome(packages: KnownPackages, answer: Resolution, constraints: ConstraintChoice): ResolvedPlan {
  if (answer.kind === 'resolved') return answered(packages, answer.packages, constraints);
  const common = { packages, resolved: undefined, constraints };
  if (answer.kind === 'unreachable')
    return { ...common, findings: [], silent: answer.host, unknown: [`exact versions, what the packages bring along, and the size of the image: ${answer.why}`] };
  return { ...common, findings: [conflict(packages, answer)], silent: undefined, unknown: ['the size of the image: the requirements exclude each other'] };
} // prettier-ignore

function conflict(packages: KnownPackages, { lines, between, relax }: Extract<Resolution, { kind: 'conflict' }>): Finding {
  const name = relax?.replace(/[=[].*$/, '') ?? between[0]?.replace(/[^\w.-].*$/, '') ?? '';
  const evidence = packages.get(name)?.evidence;
  const missing = /was not found in the package registry/.test(lines.join(' '));
  return {
    code: missing ? 'unknown-package' : 'unresolvable', severity: 'error', file: evidence?.file ?? null, line: evidence?.line ?? null,
    message: `the requirements cannot be met together: ${lines.join(' ').slice(0, 900)}`,
    fix: relax === null ? (between.length > 0 ? `relax one of ${between.join(', ')}` : null) : `${relax} fits the rest`,
  };
} // prettier-ignore

function limitsConflict({ constraints, decisions }: ConstraintChoice): Finding {
  const evidence = decisions[0]?.evidence;
  return {
    code: 'limits-conflict', severity: 'warning', file: evidence?.file ?? null, line: evidence?.line ?? null, fix: null,
    message: `${constraints.join(', ')} would be right by what is known of these versions, but other requirements exclude it, so it is left out`,
  }; // prettier-ignore
}

/** Requirements as an index can be asked for them: those from version control are built and therefore left out. What a lock says comes as limits. */
export function requirementsToAsk(asked: readonly string[], python: string): string[] {
  return asked.flatMap((text) => {
    const requirement = parseRequirement(text);
    if (requirement === undefined || requirement.name === '' || !holds(requirement.marker, { python }) || !isAskable(requirement.url)) return [];
    return [requirementText({ ...requirement, marker: '' })];
  });
} // prettier-ignore

function isAskable(url: string | undefined): boolean {
  return url === undefined || /^https:\/\/.*\.whl(?:[#?]|$)/.test(url);
}
