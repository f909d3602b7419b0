import { curlLine } from '#project/example-request.ts';
import { openProject } from '#project/project.ts';
import { requireApp, type Served, serveProject } from '#project/serve.ts';
import { type Context, defineCommand } from '../command.ts';
import { openProjectReport } from '../output/project-report.ts';
import { portNumber } from '../port-number.ts';

/** `berth serve DIR` */
export const serve = defineCommand({
  usage: '[options] [DIR]',
  details: `Builds the folder's image (from its Dockerfile, or from what its code shows), runs it and waits until it answers.
A model that the app opens and a training script writes is trained first when it is missing.
Served again, the new container takes the place and the port of the former one.`,
  options: {
    port: {
      kind: 'number',
      short: 'p',
      value: 'PORT',
      help: 'port of 127.0.0.1; otherwise the former one, or the first that is free',
    },
    name: { kind: 'text', value: 'NAME', help: "name of container and image; otherwise the folder's" },
    python: { kind: 'text', value: 'VERSION', help: 'Python to use, such as 3.11, instead of what the project says' },
    timeout: { kind: 'number', value: 'SECONDS', help: 'how long the app may take to answer (120)' },
    'no-cache': { kind: 'flag', help: 'build everything anew' },
    verbose: { kind: 'flag', short: 'v', help: 'show all that the build writes' },
    json: { kind: 'flag', help: 'print the result as JSON' },
  },
  words: { min: 0, max: 1 },
  async run(context, { options, words: [directory = '.'] }) {
    const port = portNumber(options.port);
    const project = await openProject(directory, { name: options.name, python: options.python });
    requireApp(project);
    const report = openProjectReport(context.output, { verbose: options.verbose, keepStdout: true });
    const served = await serveProject({ client: await context.client(), report }, project, {
      port,
      timeoutMs: options.timeout === undefined ? undefined : options.timeout * 1000,
      noCache: options['no-cache'],
      signal: context.signal,
    });
    if (options.json) context.output.line(JSON.stringify(served));
    else printServed(context, served);
    return 0;
  },
});

function printServed({ output }: Context, { address, request, container, path, seconds }: Served): void {
  const style = output.style('stdout');
  output.line(`${style('green', `${container} answers`)} after ${seconds.toFixed(1)} s`);
  output.line();
  output.line(`  ${style('bold', `http://${address.host}:${address.port}`)}`);
  output.line();
  if (request !== undefined) {
    output.line(`  ${curlLine(address, request)}`);
    output.line(`  ${style('dim', `→ ${request.answer}`)}`);
  } else {
    output.line(`  ${curlLine(address, { method: 'GET', path, body: undefined })}`);
  }
  output.line();
  output.line(style('dim', `log: berth logs -f ${container}    end: berth rm -f ${container}`));
}
