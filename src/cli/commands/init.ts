import { initProject, type InitResult, requireWritten } from '#project/init-files.ts';
import { type Context, defineCommand } from '../command.ts';

/** `berth init DIR` */
export const init = defineCommand({
  usage: '[options] [DIR]',
  details: `Writes a Dockerfile and a .dockerignore for a folder, as \`berth serve\` uses them by itself; a compose.yaml too where the folder has
several services. Each line says why it is there. What is there already is never overwritten without --force: what would change is shown.`,
  options: {
    force: { kind: 'flag', short: 'f', help: 'replace files that are there and different' },
    'dry-run': { kind: 'flag', short: 'n', help: 'write nothing, only show it' },
    classic: { kind: 'flag', help: 'for builders without BuildKit: no RUN --mount' },
    'bake-models': {
      kind: 'flag',
      help: 'fetch models that the code names while the image is built, not at its start',
    },
    python: { kind: 'text', value: 'VERSION', help: 'Python to use, such as 3.11, instead of what the project says' },
    json: { kind: 'flag', help: 'print what became of each file as JSON' },
  },
  words: { min: 0, max: 1 },
  async run(context, { options, words: [directory = '.'] }) {
    const { force, classic, python } = options;
    const result = await initProject(directory, {
      force,
      classic,
      python,
      index: 'always',
      bakeModels: options['bake-models'],
      dryRun: options['dry-run'],
    });
    if (options.json) context.output.line(JSON.stringify({ files: result.files, written: result.written }));
    else printFiles(context, result, options['dry-run']);
    if (!options['dry-run']) requireWritten(result);
    return 0;
  },
});

function printFiles({ output }: Context, { files, written, project }: InitResult, dryRun: boolean): void {
  const style = output.style('stdout');
  for (const { diff } of files.filter(({ state }) => state === 'changed'))
    for (const line of diff.trimEnd().split('\n'))
      output.line(line.startsWith('+') ? style('green', line) : line.startsWith('-') ? style('red', line) : line);
  const words = { new: written ? 'wrote' : 'would write', same: 'is as it was', changed: written ? 'replaced' : 'differs' };
  for (const { path, state } of files) output.line(`${words[state].padEnd(13)}${path}`);
  for (const { severity, message, fix } of project.plan.findings)
    if (severity !== 'note') output.warn(`${message}${fix === null ? '' : ` (${fix})`}`);
  if (written) output.note(`build it with: docker build -t ${project.name} ${JSON.stringify(project.directory)}   or: berth serve`);
  else if (dryRun) output.note('nothing was written');
} // prettier-ignore
