import { humanBytes } from '#api/progress.ts';
import type { Startup } from '#ml/dockerfile/startup.ts';
import { curlLine } from '#project/example-request.ts';
import { openProject, type Project } from '#project/project.ts';
import { requireApp, type Served, type ServeOptions, serveProject } from '#project/serve.ts';
import { hasServices, serveServices } from '#project/serve-services.ts';
import type { Collaborators } from '#project/run-build.ts';
import { watchProject } from '#project/watch/watch-project.ts';
import { type Context, defineCommand } from '../command.ts';
import { readVariables } from '../container/env.ts';
import { openProjectReport } from '../output/project-report.ts';
import { UsageError } from '../parse-options.ts';
import { portNumber } from '../port-number.ts';

/** `berth serve DIR` */
export const serve = defineCommand({
  usage: '[options] [DIR|MODEL]',
  details: `Builds the folder's image (from its Dockerfile, or from what its code shows), runs it and waits until it answers.
A function that predicts, or a model's file by itself, is served by Berth's own runtime.
A model that the app opens and a training script writes is trained first when it is missing.
Served again, the new container takes the place and the port of the former one.
With --watch changed code goes into the running container and the program starts anew, without a build; Ctrl-C ends both.`,
  options: {
    port: {
      kind: 'number',
      short: 'p',
      value: 'PORT',
      help: 'port of 127.0.0.1; otherwise the former one, or the first that is free',
    },
    watch: { kind: 'flag', short: 'w', help: 'stay, and start the program anew when its code changes' },
    name: { kind: 'text', value: 'NAME', help: "name of container and image; otherwise the folder's" },
    python: { kind: 'text', value: 'VERSION', help: 'Python to use, such as 3.11, instead of what the project says' },
    env: { kind: 'list', short: 'e', value: 'NAME[=VALUE]', help: 'Set a variable; a name alone takes your own value' },
    'env-file': { kind: 'list', value: 'FILE', help: 'Read variables from a file, such as .env' },
    timeout: { kind: 'number', value: 'SECONDS', help: 'how long the app may take to answer (120)' },
    'no-cache': { kind: 'flag', help: 'build everything anew' },
    verbose: { kind: 'flag', short: 'v', help: 'show all that the build writes' },
    json: { kind: 'flag', help: 'print the result as JSON' },
  },
  words: { min: 0, max: 1 },
  async run(context, { options, words: [directory = '.'] }) {
    const port = portNumber(options.port);
    if (options.watch && options.json) throw new UsageError('--watch and --json exclude each other');
    const project = await openProject(directory, { name: options.name, python: options.python });
    if (!hasServices(project)) requireApp(project);
    const report = openProjectReport(context.output, { verbose: options.verbose, keepStdout: true });
    const wanted = {
      port,
      timeoutMs: options.timeout === undefined ? undefined : options.timeout * 1000,
      noCache: options['no-cache'],
      environment: readVariables(options['env-file'], options.env),
      signal: context.signal,
    };
    const tools = { client: await context.client(), report };
    if (options.watch) return watch(context, { tools, project }, wanted);
    if (hasServices(project)) {
      const parts = await serveServices(tools, project, wanted);
      if (options.json) context.output.line(JSON.stringify({ services: parts }));
      else for (const { served } of parts) printServed(context, served);
      return 0;
    }
    const served = await serveProject(tools, project, wanted);
    if (options.json) context.output.line(JSON.stringify(served));
    else printServed(context, served);
    return 0;
  },
});

async function watch(
  context: Context,
  { tools, project }: { tools: Collaborators; project: Project },
  wanted: ServeOptions & { signal: AbortSignal },
): Promise<number> {
  if (hasServices(project))
    throw new UsageError(`${project.name} has several services, and one is watched at a time`, {
      why: `they are ${project.plan.services.map(({ name }) => name).join(', ')}`,
      hint: 'name the folder of one of them',
    });
  const { output } = context;
  const style = output.style('stdout');
  await watchProject(tools, project, {
    ...wanted,
    onReady: ({ container, address, path, seconds }) => {
      output.line(`${style('green', `${container} answers`)} after ${seconds.toFixed(1)} s`);
      output.line(`  ${style('bold', `http://${address.host}:${address.port}${path}`)}`);
      output.line(style('dim', 'changes of the code are taken over; Ctrl-C ends it'));
    },
  });
  return 0;
}

function printServed({ output }: Context, served: Served): void {
  const { address, request, container, path } = served;
  const style = output.style('stdout');
  output.line(`${style('green', `${container} answers`)} after ${served.seconds.toFixed(1)} s`);
  output.line(style('dim', `its start: ${startText(served.startup)}`));
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

function secondsText(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`;
}

function startText({ importMs, readyMs, firstAnswerMs, peakMemoryBytes }: Startup): string {
  return [
    ...(importMs === null ? [] : [`imports ${secondsText(importMs)}`]),
    `listening after ${secondsText(readyMs)}`,
    `first answer after ${secondsText(firstAnswerMs)}`,
    ...(peakMemoryBytes === null ? [] : [`at most ${humanBytes(peakMemoryBytes)} of memory`]),
  ].join(', ');
}
