import { constants } from 'node:os';
import { InternalError, InvalidArgumentError } from '#lib/errors.ts';

/** How the process of a RUN ended. */
export interface StepEnd {
  command: string;
  exitCode: number;
  oomKilled: boolean;
  diskFull: boolean;
  /** Last lines that it wrote. */
  tail: readonly string[];
  /** What to do, where more is known than the end tells. */
  advice?: string | undefined;
}

const SIGNALLED = 128;
const NOT_RUNNABLE = 126;
const NOT_FOUND = 127;

/** A RUN whose process ended with another code than 0. */
export class StepFailure extends InternalError {
  readonly exitCode: number;
  /** The words that were run. */
  readonly command: string;
  /** As BuildKit tells it. */
  readonly processMessage: string;

  constructor(end: StepEnd) {
    const { command, exitCode } = end;
    const causes = causesOf(end);
    const why = [...causes.map(({ why: cause }) => cause), ...end.tail].filter((line) => line !== '').join('\n');
    const hint = end.advice ?? causes.find(({ hint: known }) => known !== undefined)?.hint;
    super(`The command '${command}' returned a non-zero code: ${exitCode}`, {
      ...(why !== '' && { why }),
      ...(hint !== undefined && { hint }),
    });
    this.exitCode = exitCode;
    this.command = command;
    this.processMessage = `process ${JSON.stringify(command)} did not complete successfully: exit code: ${exitCode}`;
  }
}

/** What the runtime says of a command that it cannot start, told like one that failed. @returns undefined for another error */
export function startFailure(error: unknown, args: readonly string[]): StepFailure | undefined {
  const [, said = '', program = '', reason = ''] =
    (error instanceof InvalidArgumentError && NOT_STARTED.exec(error.message)) || [];
  if (said === '') return undefined;
  const isForbidden = /permission denied|is a directory|exec format error/i.test(reason);
  const isShell = args[0] === program && args[1] === '-c';
  return new StepFailure({
    command: args.join(' '),
    exitCode: isForbidden ? NOT_RUNNABLE : NOT_FOUND,
    oomKilled: false,
    diskFull: false,
    tail: [said],
    advice: isForbidden ? undefined : missingAdvice(program, { isShell }),
  });
}

function missingAdvice(program: string, { isShell }: { isShell: boolean }): string {
  return isShell
    ? `the image has no shell ${program}: write RUN ["program", "argument"] with a program that it has, or choose another base image`
    : `the image has no program ${program}: install it in a RUN before, or choose a base image that has it`;
}

/** As runc words it. */
const NOT_STARTED = /(exec: "([^"]+)": (.+?))(?:: unknown)?$/;

function causesOf({ exitCode, oomKilled, diskFull, tail }: StepEnd): { why: string; hint?: string }[] {
  if (oomKilled)
    return [
      { why: 'the kernel ended it because it used more memory than it may', hint: 'build with a higher --memory' },
    ];
  if (diskFull)
    return [
      {
        why: 'no space is left on the disk of the data root',
        hint: 'free some space there, for example with `docker image prune`',
      },
    ];
  if (exitCode === NOT_FOUND) return [{ why: '', hint: notFoundHint(tail) }];
  if (exitCode === NOT_RUNNABLE)
    return [{ why: '', hint: 'what was to be run is there but cannot be: look at its mode and at its first line' }];
  const signal = exitCode > SIGNALLED ? signalName(exitCode - SIGNALLED) : undefined;
  return signal === undefined ? [] : [{ why: `a signal ended it: ${signal}` }];
}

function notFoundHint(tail: readonly string[]): string {
  const line = tail.findLast((text) => /not found/.test(text)) ?? '';
  const [, program] = /([^\s:'"`]+): (?:command )?not found/.exec(line) ?? [];
  if (program !== undefined) return missingAdvice(program, { isShell: false });
  return 'the image has no such program: install it in a RUN before, or choose a base image that has it';
}

function signalName(number: number): string | undefined {
  return Object.entries(constants.signals).find(([, value]) => value === number)?.[0];
}
