import type { ProjectFacts } from '../detect/project.ts';
import type { TrainingFacts } from '../detect/training.ts';
import type { TrainingPlan } from './plan.ts';
import { startPlace } from './start-place.ts';

/** How a training program is started: from the folder that its relative paths are meant from, which mostly is the top. */
export function planTraining(facts: ProjectFacts, { module, writes }: TrainingFacts): TrainingPlan {
  const app = { kind: 'script', module, variable: undefined, factory: false, importable: false, line: 1, bind: undefined, hint: undefined, origin: module.path };
  const { asModule, directory, dotted, script } = startPlace(facts, app, true);
  const leadsUp = module.files.some(({ path }) => path.startsWith('../'));
  const place = leadsUp ? { command: ['python', script], directory } : { command: ['python', module.path] };
  const command = asModule && directory === '' ? ['python', '-m', dotted] : place.command;
  return { script: module.path, ...place, command, writes: writes.map(({ path }) => path) };
} // prettier-ignore
