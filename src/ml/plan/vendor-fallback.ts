import { DEBIAN_FRAMEWORKS, type DebianFramework } from '../data/base-images.ts';
import { CUDA_COMPANIONS, TORCH_CPU_INDEX } from '../data/torch.ts';
import { meets } from '../version.ts';
import type { KnownPackages } from './known-packages.ts';
import type { ResolvedPackage } from './package-index.ts';
import type { Decision, Finding, InstallPlan } from './plan.ts';

/** How torch gets into the image where PyTorch's own index cannot be reached. */
export interface DebianChoice {
  python: string;
  suite: string;
  packages: readonly DebianFramework[];
}

const FAMILY = ['torch', 'torchvision', 'torchaudio'] as const;

/**
 * Debian's builds for processors that meet what the project asks for. The wheels of the usual index are no way out: without NVIDIA's packages
 * they do not start, since their libraries load CUDA's at once.
 * @param pythons that fit the project, the best first
 */
export function debianChoice(packages: KnownPackages, pythons: readonly string[]): DebianChoice | undefined {
  const wanted = FAMILY.filter((name) => packages.has(name));
  const torches = DEBIAN_FRAMEWORKS.filter(({ distribution, python }) => distribution === 'torch' && pythons.includes(python));
  for (const { suite, python } of torches) {
    const rows = wanted.map((name) => DEBIAN_FRAMEWORKS.find((row) => row.distribution === name && row.suite === suite));
    const fits = rows.every((row) => row !== undefined && fitsProject(packages, row));
    if (fits && wanted.includes('torch')) return { python, suite, packages: rows.filter((row) => row !== undefined) };
  }
  return undefined;
} // prettier-ignore

function fitsProject(packages: KnownPackages, { distribution, version }: DebianFramework): boolean {
  const known = packages.get(distribution);
  if (known === undefined || known.source === 'transitive') return known !== undefined;
  return known.url === undefined && meets(version, known.specifiers.replace(/\+cpu\b/, ''));
}

/** What an index answered, without what Debian brings and without what only that would have needed. */
export function withoutDebian(
  resolved: readonly ResolvedPackage[],
  { packages }: DebianChoice,
): { kept: readonly ResolvedPackage[]; leftOut: readonly string[] } {
  const out = new Set<string>(packages.map(({ distribution }) => distribution));
  for (const { name } of resolved) if (CUDA_COMPANIONS.some((pattern) => pattern.test(name))) out.add(name);
  for (let before = -1; before !== out.size;) {
    before = out.size;
    for (const { name, via } of resolved) if (via.length > 0 && via.every((one) => out.has(one))) out.add(name);
  }
  return { kept: resolved.filter(({ name }) => !out.has(name)), leftOut: [...out].toSorted() };
}

/** The install plan with everything exact, and torch from Debian. */
export function debianInstall(
  install: InstallPlan,
  choice: DebianChoice,
  resolved: readonly ResolvedPackage[],
): InstallPlan {
  const { kept, leftOut } = withoutDebian(resolved, choice);
  const links = install.arguments.filter((text) => text.includes(' @ '));
  return {
    ...install,
    exact: [
      ...kept.filter(({ version }) => version !== '').map(({ name, version }) => `${name}==${version}`),
      ...links,
    ],
    leftOut,
    fromDebian: {
      packages: choice.packages.map((row) => row.package),
      distributions: choice.packages.map(({ distribution }) => distribution),
      path: '/usr/lib/python3/dist-packages',
    },
  };
}

export function debianDecisions({ packages, suite, python }: DebianChoice): Decision[] {
  const what = packages.map((row) => `${row.package} ${row.version}`).join(', ');
  return [
    { subject: 'packages', choice: what, why: `${TORCH_CPU_INDEX} cannot be reached from here, and the wheels of the usual index do not start without gigabytes of CUDA: Debian's build for processors takes their place`, source: `Debian ${suite}, package index; 2026-11` },
    { subject: 'python', choice: python, why: `Debian ${suite} has torch for this Python only` },
  ];
} // prettier-ignore

/** Says what came in the place of the wheels for processors. */
export function noCpuIndex(packages: KnownPackages, choice: DebianChoice | undefined): Finding {
  const evidence = packages.get('torch')?.evidence;
  const instead = choice === undefined ? 'the wheels of the usual index are installed, with all of CUDA' : `torch ${choice.packages[0]?.version ?? ''} of Debian is installed`;
  return {
    code: 'no-cpu-index', severity: 'warning', file: evidence?.file ?? null, line: evidence?.line ?? null,
    message: `${TORCH_CPU_INDEX} cannot be reached: ${instead}`, fix: 'plan and build where that index can be reached, or set up a mirror of it as an extra index',
  };
} // prettier-ignore
