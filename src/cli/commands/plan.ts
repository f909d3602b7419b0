import { openProject } from '#project/project.ts';
import { type Context, defineCommand } from '../command.ts';

/** `berth plan DIR` */
export const plan = defineCommand({
  usage: '[options] [DIR]',
  details:
    'Reads a folder and says how it would be built, trained and served, and why. Nothing is run, no engine is needed.',
  options: {
    python: { kind: 'text', value: 'VERSION', help: 'Python to use, such as 3.11, instead of what the project says' },
    dockerfile: { kind: 'flag', help: 'print the Dockerfile that is used' },
    json: { kind: 'flag', help: 'print the plan as JSON' },
  },
  words: { min: 0, max: 1 },
  async run(context, { options, words: [directory = '.'] }) {
    const project = await openProject(directory, { python: options.python });
    if (options.json) context.output.line(JSON.stringify(project.plan, null, 2));
    else if (options.dockerfile) context.output.line(project.dockerfile.text.trimEnd());
    else printPlan(context, project);
    return 0;
  },
});

function printPlan({ output }: Context, { plan: made, dockerfile }: Awaited<ReturnType<typeof openProject>>): void {
  const style = output.style('stdout');
  const width = Math.max(...made.decisions.map(({ subject }) => subject.length)) + 2;
  for (const { subject, choice, why, evidence } of made.decisions) {
    output.line(`${subject.padEnd(width)}${style('bold', choice)}`);
    const place = evidence === undefined ? '' : ` (${evidence.file}${evidence.line > 0 ? `:${evidence.line}` : ''})`;
    output.line(`${' '.repeat(width)}${style('dim', `${why}${place}`)}`);
  }
  if (dockerfile.isOwn) output.line('\nThe Dockerfile of the folder is what is built.');
  for (const { severity, message, fix } of made.findings)
    output.line(`\n${severity}: ${message}${fix === null ? '' : `\n  ${fix}`}`);
  for (const text of made.unknown) output.line(`\nnot known: ${text}`);
}
