import type { StageInstruction } from '#dockerfile/instruction.ts';
import type { StageRun } from '../build-run.ts';
import { splitting } from '../packages/step-packages.ts';
import { argStep, commandStep, healthcheckStep, listStep, pairsStep, textStep } from './config-step.ts';
import { copyStep } from './copy-step.ts';
import { runStep } from './run-step.ts';
import type { Step } from './step.ts';
import { workdirStep } from './workdir-step.ts';

/** Makes a step of an instruction; its effect on the config is there when this settles. @throws {InvalidArgumentError} {NotFoundError} */
export async function prepareStep(run: StageRun, instruction: StageInstruction): Promise<Step> {
  switch (instruction.kind) {
    case 'arg':
      return argStep(run, instruction);
    case 'env':
    case 'label':
      return pairsStep(run, instruction);
    case 'cmd':
    case 'entrypoint':
      return commandStep(run, instruction);
    case 'healthcheck':
      return healthcheckStep(run, instruction);
    case 'expose':
    case 'volume':
    case 'shell':
      return listStep(run, instruction);
    case 'workdir':
      return workdirStep(run, instruction);
    case 'user':
    case 'stopsignal':
    case 'maintainer':
    case 'onbuild':
      return textStep(run, instruction);
    case 'run':
      return splitting(run, await runStep(run, instruction));
    default:
      return splitting(run, await copyStep(run, instruction));
  }
}
