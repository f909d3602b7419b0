import { InternalError } from '#lib/errors.ts';

/** A RUN whose process ended with another code than 0. */
export class StepFailure extends InternalError {
  readonly exitCode: number;

  constructor({
    command,
    exitCode,
    oomKilled,
    diskFull,
    tail,
  }: {
    command: string;
    exitCode: number;
    oomKilled: boolean;
    diskFull: boolean;
    tail: readonly string[];
  }) {
    const memory = oomKilled ? 'the kernel ended it because it used more memory than it may' : '';
    const disk = diskFull ? 'no space is left on the disk of the data root' : '';
    const why = [memory, disk, ...tail].filter((line) => line !== '').join('\n');
    super(`The command '${command}' returned a non-zero code: ${exitCode}`, {
      ...(why !== '' && { why }),
      ...(oomKilled && { hint: 'build with a higher --memory' }),
      ...(diskFull && { hint: 'free some space there, for example with `docker image prune`' }),
    });
    this.exitCode = exitCode;
  }
}
