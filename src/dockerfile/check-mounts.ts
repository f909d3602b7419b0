import { parseMountFlag } from './mount-flag.ts';
import { withPlace } from './parse.ts';
import type { Program, Stage } from './program.ts';

/** Looks at the mounts of stages that will be built, so that a broken one is told before anything runs. @throws {DockerfileError} with the place */
export function checkMounts({ source }: Program, stages: readonly Stage[]): void {
  for (const { instructions } of stages)
    for (const instruction of instructions) {
      if (instruction.kind !== 'run') continue;
      // What a variable becomes is known when the step comes.
      for (const mount of instruction.mounts.filter((text) => !text.includes('$')))
        withPlace(source, instruction.node, mount, () => parseMountFlag(mount));
    }
}
