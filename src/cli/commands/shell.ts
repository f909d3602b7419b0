import { openProject } from '#project/project.ts';
import { buildProject } from '#project/run-build.ts';
import { shellBody } from '#project/shell.ts';
import { defineCommand } from '../command.ts';
import { runAttached } from '../container/run-attached.ts';
import { openProjectReport } from '../output/project-report.ts';

/** `berth shell DIR` */
export const shell = defineCommand({
  usage: '[options] [DIR [COMMAND [ARG...]]]',
  details: `Opens a shell in the folder's image, or runs a command in it. The folder is mounted in the place of the code: what is written there is
there afterwards and belongs to you.`,
  options: {
    name: { kind: 'text', value: 'NAME', help: "name of the image; otherwise the folder's" },
    python: { kind: 'text', value: 'VERSION', help: 'Python to use, such as 3.11, instead of what the project says' },
    'no-cache': { kind: 'flag', help: 'build everything anew' },
    verbose: { kind: 'flag', short: 'v', help: 'show all that the build writes' },
  },
  words: { min: 0 },
  stopAtFirstWord: true,
  async run(context, { options, words: [directory = '.', ...command] }) {
    const project = await openProject(directory, { name: options.name, python: options.python });
    const client = await context.client();
    const report = openProjectReport(context.output, { verbose: options.verbose, keepStdout: true });
    const building = { noCache: options['no-cache'] };
    report.say(`building the image of ${project.name}`);
    const image = await buildProject({ client, report }, project, building);
    const terminal = process.stdin.isTTY && process.stdout.isTTY;
    return runAttached(context, await shellBody(client, project, { image, command, terminal }), terminal);
  },
});
