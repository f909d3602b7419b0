import { openNotebook } from '#project/notebook.ts';
import { openProject } from '#project/project.ts';
import { defineCommand } from '../command.ts';
import { openProjectReport } from '../output/project-report.ts';
import { portNumber } from '../port-number.ts';

/** `berth notebook DIR` */
export const notebook = defineCommand({
  usage: '[options] [DIR]',
  details: `Starts Jupyter in the folder's image, and prints its address with the token. The folder is mounted: what notebooks write is there
afterwards and belongs to you. Ctrl-C ends it.`,
  options: {
    port: { kind: 'number', short: 'p', value: 'PORT', help: 'port of 127.0.0.1; otherwise the first free one from 8888 on' },
    name: { kind: 'text', value: 'NAME', help: "name of container and image; otherwise the folder's" },
    python: { kind: 'text', value: 'VERSION', help: 'Python to use, such as 3.11, instead of what the project says' },
    'no-cache': { kind: 'flag', help: 'build everything anew' },
    verbose: { kind: 'flag', short: 'v', help: 'show all that the build writes' },
  },
  words: { min: 0, max: 1 },
  async run(context, { options, words: [directory = '.'] }) {
    const { output, signal } = context;
    const port = portNumber(options.port);
    const project = await openProject(directory, { name: options.name, python: options.python });
    const report = openProjectReport(output, { verbose: options.verbose, keepStdout: true });
    const wanted = { port, noCache: options['no-cache'], signal };
    await using running = await openNotebook({ client: await context.client(), report }, project, wanted);
    output.line(`  ${output.style('stdout')('bold', running.url)}`);
    output.note(`log: berth logs -f ${running.container}    end: Ctrl-C`);
    await running.untilEnd(signal);
    return 0;
  },
}); // prettier-ignore
