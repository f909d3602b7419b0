import { readFile, stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { InvalidArgumentError, NotFoundError } from '#lib/errors.ts';
import { type Conformance, conformImage, TARGETS } from '#project/conform/conform-image.ts';
import type { ConformOptions, Target } from '#project/conform/contract.ts';
import { type Context, defineCommand } from '../command.ts';

/** `berth conform IMAGE` */
export const conform = defineCommand({
  usage: '[options] IMAGE',
  details: `Tests any image from outside against what a platform demands of it: starts it as the platform would, asks it, ends it.
Exit code 1 says that a demand is not met. Targets: ${TARGETS.join(', ')}.`,
  options: {
    target: { kind: 'text', short: 't', value: 'TARGET', help: `contract to test: ${TARGETS.join(', ')} (http)` },
    port: { kind: 'number', short: 'p', value: 'PORT', help: 'port inside the container, instead of the usual one' },
    request: {
      kind: 'text',
      value: 'FILE',
      help: 'body of a prediction that the model understands (.json, .csv, .npy)',
    },
    'content-type': { kind: 'text', value: 'TYPE', help: "type of that body; otherwise by the file's name" },
    model: { kind: 'text', value: 'DIR', help: 'folder to mount where the platform puts the model' },
    'model-name': { kind: 'text', value: 'NAME', help: 'name of the model in paths (model)' },
    env: { kind: 'list', short: 'e', value: 'NAME=VALUE', help: 'variable of the environment' },
    timeout: { kind: 'number', value: 'SECONDS', help: 'how long it may take to get ready (120)' },
    json: { kind: 'flag', help: 'print the results as JSON' },
  },
  words: { min: 1, max: 1 },
  async run(context, { options, words: [image = ''] }) {
    const target = targetOf(options.target ?? 'http');
    const found = await conformImage(
      await context.client(),
      { image, target },
      {
        port: options.port,
        modelName: options['model-name'],
        request: await requestOf(options.request, options['content-type']),
        modelFolder: options.model === undefined ? undefined : await folderOf(options.model),
        environment: options.env,
        timeoutMs: options.timeout === undefined ? undefined : options.timeout * 1000,
        signal: context.signal,
      },
    );
    if (options.json) context.output.line(JSON.stringify(found));
    else print(context, found);
    return found.conforms ? 0 : 1;
  },
});

function targetOf(text: string): Target {
  const found = TARGETS.find((target) => target === text);
  if (found !== undefined) return found;
  throw new InvalidArgumentError(`${text} is no target`, {
    why: 'no contract of that name is known',
    hint: `choose one of ${TARGETS.join(', ')}`,
  });
}

const TYPES: Readonly<Record<string, string>> = {
  json: 'application/json',
  csv: 'text/csv',
  npy: 'application/x-npy',
  txt: 'text/plain',
};

async function requestOf(file: string | undefined, type: string | undefined): Promise<ConformOptions['request']> {
  if (file === undefined) return undefined;
  const body = await readFile(file).catch((error: unknown) => {
    throw new NotFoundError(`${file} cannot be read`, {
      why: (error as Error).message,
      hint: 'name a file with the body of a request',
      cause: error,
    });
  });
  const contentType = type ?? TYPES[file.split('.').at(-1) ?? ''] ?? 'application/json';
  return { body, contentType };
}

async function folderOf(path: string): Promise<string> {
  const folder = resolve(path);
  const found = await stat(folder).catch(() => undefined);
  if (found?.isDirectory() === true) return folder;
  throw new InvalidArgumentError(`${path} is no folder`, {
    why: found === undefined ? 'there is nothing of that name' : 'it is a file',
    hint: 'name the folder that holds the model',
  });
}

const MARKS = { passed: ['green', '✓'], failed: ['red', '✗'], skipped: ['yellow', '-'] } as const;
const LAST_LINES = 15;

function print({ output }: Context, { image, title, conforms, results, lastWords }: Conformance): void {
  const style = output.style('stdout');
  output.line(style('bold', `${image}: ${title}`));
  const width = Math.max(...results.map(({ name }) => name.length)) + 2;
  for (const { name, demand, outcome } of results) {
    const [colour, mark] = MARKS[outcome.state];
    output.line(`${style(colour, mark)} ${name.padEnd(width)}${demand}`);
    const indent = ' '.repeat(width + 2);
    if (outcome.state === 'passed' && outcome.detail !== undefined)
      output.line(`${indent}${style('dim', outcome.detail)}`);
    if (outcome.state === 'skipped') output.line(`${indent}${style('dim', `not asked: ${outcome.why}`)}`);
    if (outcome.state !== 'failed') continue;
    output.line(`${indent}${style('dim', 'why:')} ${outcome.why}`);
    output.line(`${indent}${style('dim', 'fix:')} ${outcome.fix}`);
  }
  if (lastWords !== undefined && lastWords.trim() !== '') {
    output.line(`\n${style('dim', 'its last words:')}`);
    for (const line of lastWords.trimEnd().split('\n').slice(-LAST_LINES)) output.line(`  ${line}`);
  }
  const count = (state: string): number => results.filter(({ outcome }) => outcome.state === state).length;
  const [met, missed, open] = [count('passed'), count('failed'), count('skipped')];
  const summary = `${met} met, ${missed} not met${open > 0 ? `, ${open} not asked` : ''}`;
  output.line(`\n${conforms ? style('green', 'conforms') : style('red', 'does not conform')}: ${summary}`);
}
