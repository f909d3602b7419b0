import { InvalidArgumentError } from '#lib/errors.ts';
import { InstructionError } from './dockerfile-error.ts';
import { expand } from './expand.ts';
import { expandedTexts } from './expanded-texts.ts';
import { parseExposed } from './exposed-ports.ts';
import type { StageInstruction } from './instruction.ts';
import { parseMountFlag } from './mount-flag.ts';
import { withPlace } from './parse.ts';
import type { Program, Stage } from './program.ts';
import { parseStopSignal } from './stop-signal.ts';

/** Every variable has a value: what is wrong then is wrong with the text. */
class AllSet extends Map<string, string> {
  override get(_name: string): string {
    return 'x';
  }
}

const ALL_SET = new AllSet();

/**
 * Looks at the instructions of stages that will be built: what cannot work is told before anything runs, not after an hour.
 * @throws {DockerfileError} with the place
 */
export function checkSteps(
  { source, directives }: Program,
  stages: readonly Stage[],
  buildArgs?: ReadonlyMap<string, string>,
): void {
  for (const instruction of stages.flatMap(({ instructions }) => instructions))
    withPlace(source, instruction.node, '', () => {
      checkTexts(instruction, { escape: directives.escape, buildArgs });
      checkValues(instruction);
    });
}

function checkTexts(
  instruction: StageInstruction,
  { escape, buildArgs }: { escape: string; buildArgs: ReadonlyMap<string, string> | undefined },
): void {
  // Values of mounts are read one by one.
  if (instruction.kind === 'run') return;
  for (const { text, isHeredoc } of expandedTexts(instruction, buildArgs))
    about(isHeredoc ? '' : text, `failed to process ${JSON.stringify(text)}: `, () =>
      expand(text, ALL_SET, { escape, heredoc: isHeredoc }),
    );
}

/** What a variable becomes is known when the step comes. */
function checkValues(instruction: StageInstruction): void {
  if (instruction.kind === 'run') instruction.mounts.filter(isKnown).forEach((mount) => checkMount(mount));
  if (instruction.kind === 'expose')
    for (const word of instruction.values.filter(isKnown)) about(word, '', () => parseExposed(word));
  if (instruction.kind === 'stopsignal' && isKnown(instruction.value))
    about(instruction.value, '', () => parseStopSignal(instruction.value));
}

/** It has no variables, quotes and escapes. */
function isKnown(text: string): boolean {
  return !/[$"'\\`]/.test(text);
}

function checkMount(mount: string): void {
  const { type, target } = parseMountFlag(mount);
  if (target !== '' || type === 'secret' || type === 'ssh') return;
  throw new InstructionError(`a mount of type ${type} needs a target`, { piece: mount, hint: 'write target=<folder>' });
}

/** Gives an error the part of the instruction that it is about. */
function about(piece: string, prefix: string, work: () => unknown): void {
  try {
    work();
  } catch (error) {
    if (!(error instanceof InvalidArgumentError) || error instanceof InstructionError) throw error;
    throw new InstructionError(`${prefix}${error.message}`, {
      piece,
      ...(error.hint !== undefined && { hint: error.hint }),
    });
  }
}
