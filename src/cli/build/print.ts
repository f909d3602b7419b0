import { PRINT_KINDS, printDockerfile } from '#dockerfile/print/print-dockerfile.ts';
import type { Output } from '../output/output.ts';
import { UsageError } from '../parse-options.ts';
import type { BuildSource } from './build-source.ts';
import { buildArguments } from './build-values.ts';
import type { BuildOptions } from './options.ts';

/** Prints how the Dockerfile is read; needs no engine. @throws {UsageError} {DockerfileError} */
export function printSource(output: Output, { dockerfile }: BuildSource, options: BuildOptions): number {
  const kind = PRINT_KINDS.find((known) => known === options.print);
  if (kind === undefined)
    throw new UsageError(`--print is ${PRINT_KINDS.join(', ')}, not ${JSON.stringify(options.print)}`);
  if (dockerfile.text === undefined)
    throw new UsageError('--print needs a Dockerfile that is here', { hint: 'name a folder, or send the file in' });
  const given = Object.entries(buildArguments(options['build-arg']));
  const buildArgs = new Map(given.filter((entry): entry is [string, string] => entry[1] !== null));
  output.line(
    printDockerfile(dockerfile.text, kind, {
      file: dockerfile.name,
      target: options.target ?? '',
      buildArgs,
    }).trimEnd(),
  );
  return 0;
}
