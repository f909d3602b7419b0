import type { ProjectFacts } from '../detect/project.ts';
import type { TrainingFacts } from '../detect/training.ts';
import type { TrainingPlan } from './plan.ts';
import { startPlace } from './start-place.ts';

/** How a training program is started from the top of the project, which relative paths are meant from. */
export function planTraining(facts: ProjectFacts, { module, writes }: TrainingFacts): TrainingPlan {
  const app = { kind: 'script', module, variable: undefined, factory: false, importable: false, line: 1, bind: undefined, hint: undefined, origin: module.path };
  const { asModule, directory, dotted } = startPlace(facts, app, true);
  const command = asModule && directory === '' ? ['python', '-m', dotted] : ['python', module.path];
  return { script: module.path, command, writes: writes.map(({ path }) => path) };
} // prettier-ignore
