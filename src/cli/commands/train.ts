import { humanBytes } from '#api/progress.ts';
import { openProject } from '#project/project.ts';
import { trainProject, type TrainResult } from '#project/train.ts';
import { type Context, defineCommand } from '../command.ts';
import { readVariables } from '../container/env.ts';
import { openProjectReport } from '../output/project-report.ts';

/** `berth train DIR` */
export const train = defineCommand({
  usage: '[options] [DIR] [-- ARG...]',
  details: `Runs the folder's training script in a container of the folder's image. The folder is mounted: what the script writes is
there afterwards and belongs to you. Words after -- are handed to the script.`,
  options: {
    script: { kind: 'text', value: 'FILE', help: 'program to run; otherwise the one that is found, such as train.py' },
    name: { kind: 'text', value: 'NAME', help: "name of the image; otherwise the folder's" },
    python: { kind: 'text', value: 'VERSION', help: 'Python to use, such as 3.11, instead of what the project says' },
    env: { kind: 'list', short: 'e', value: 'NAME[=VALUE]', help: 'Set a variable; a name alone takes your own value' },
    'env-file': { kind: 'list', value: 'FILE', help: 'Read variables from a file, such as .env' },
    'no-cache': { kind: 'flag', help: 'build everything anew' },
    verbose: { kind: 'flag', short: 'v', help: 'show all that the build writes' },
    json: { kind: 'flag', help: 'print the result as JSON' },
  },
  words: { min: 0 },
  async run(context, { options, words: [directory = '.', ...args] }) {
    const project = await openProject(directory, { name: options.name, python: options.python });
    const report = openProjectReport(context.output, { verbose: options.verbose, keepStdout: options.json });
    const result = await trainProject({ client: await context.client(), report }, project, {
      script: options.script,
      args,
      noCache: options['no-cache'],
      environment: readVariables(options['env-file'], options.env),
      signal: context.signal,
    });
    if (options.json) context.output.line(JSON.stringify(result));
    else printResult(context, result);
    return result.exitCode;
  },
});

function printResult({ output }: Context, result: TrainResult): void {
  const memory =
    result.peakMemoryBytes === undefined ? '' : `, at most ${humanBytes(result.peakMemoryBytes)} of memory`;
  const took = `${result.seconds.toFixed(1)} s${memory}`;
  if (result.exitCode === 0) output.note(`${output.style('stderr')('green', `${result.script} is done`)}: ${took}`);
  else {
    output.problem({
      message: `${result.script} ended with exit code ${result.exitCode} after ${took}`,
      why: result.explanation?.cause ?? 'its own words are above',
      hint: result.explanation?.fix ?? 'mend it and train again',
    });
  }
  for (const { path, bytes } of result.written) output.note(`  wrote ${path} (${humanBytes(bytes)})`);
}
