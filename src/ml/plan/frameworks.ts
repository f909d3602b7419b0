import { FRAMEWORKS } from '../data/frameworks.ts';
import { ML_FRAMEWORKS } from '../data/transitive-frameworks.ts';
import type { KnownPackages } from './known-packages.ts';
import type { FrameworkPlan } from './plan.ts';

/** Builds of one framework under names of their own. */
const SAME: Readonly<Record<string, string>> = {
  'tensorflow-cpu': 'tensorflow',
  'tensorflow-gpu': 'tensorflow',
  'tensorflow-intel': 'tensorflow',
};

/** Frameworks for learning and for the web among what is installed, those of the table's beginning first. */
export function frameworksOf(packages: KnownPackages): FrameworkPlan[] {
  const web = FRAMEWORKS.map(({ distribution }) => distribution);
  const found = new Map<string, FrameworkPlan>();
  for (const name of [...ML_FRAMEWORKS, ...web]) {
    const known = packages.get(name);
    const shown = SAME[name] ?? name;
    const isBrought = known?.source === 'transitive' && web.includes(name) && !ML_FRAMEWORKS.includes(name);
    if (known === undefined || found.has(shown) || isBrought) continue;
    found.set(shown, { name: shown, version: known.version, source: known.source });
  }
  return [...found.values()];
}
