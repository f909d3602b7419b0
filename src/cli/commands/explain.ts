import { open, stat } from 'node:fs/promises';
import { text } from 'node:stream/consumers';
import { NotFoundError } from '#lib/errors.ts';
import { explain as explainLog, type Explanation } from '#ml/explain/explain.ts';
import { explainContainer } from '#project/explain-container.ts';
import { type Context, defineCommand } from '../command.ts';
import { UsageError } from '../parse-options.ts';

/** Of a long log the end counts. */
const LOG_BYTES = 1024 * 1024;

/** What is explained, and what became of it as far as that is known. */
interface Case {
  name: string;
  state: string;
  explanation: Explanation | undefined;
}

/** `berth explain CONTAINER|FILE|-` */
export const explain = defineCommand({
  usage: '[options] CONTAINER|FILE|-',
  details:
    'Reads the log of a container, a file, or standard input (-), and says in one sentence what went wrong, which line\nshows it, and what mends it. A file of that name goes before a container.',
  options: { json: { kind: 'flag', help: 'print the answer as JSON' } },
  words: { min: 1, max: 1 },
  async run(context, { options, words: [name = ''] }) {
    const found = await caseOf(context, name);
    if (options.json) context.output.line(JSON.stringify(found, null, 2));
    else show(context, found);
    return found.explanation === undefined ? 1 : 0;
  },
});

async function caseOf(context: Context, name: string): Promise<Case> {
  if (name === '-') {
    if (process.stdin.isTTY)
      throw new UsageError('a log is not read from a terminal', { hint: 'send it in: berth explain - < log.txt' });
    return { name, state: '', explanation: explainLog(await text(process.stdin)) };
  }
  if (name.includes('/') || (await isFile(name)))
    return { name, state: '', explanation: explainLog(await endOf(name)) };
  const client = await context.client();
  const {
    name: full,
    running,
    exitCode,
    error,
    explanation,
  } = await explainContainer(client, name).catch((found: unknown) => {
    if (!(found instanceof NotFoundError)) throw found;
    throw new NotFoundError(`there is no container ${name}`, {
      why: 'there is no file of that name either',
      hint: 'berth ps -a lists containers; a log is sent in with: berth explain - < log.txt',
      cause: found,
    });
  });
  const ended = error === '' ? `ended with exit code ${exitCode}` : `could not be started: ${error}`;
  return { name: full, state: running ? 'is running' : ended, explanation };
}

async function isFile(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined))?.isFile() === true;
}

async function endOf(path: string): Promise<string> {
  await using file = await open(path);
  const { size } = await file.stat();
  const length = Math.min(size, LOG_BYTES);
  const buffer = Buffer.alloc(length);
  const { bytesRead } = await file.read(buffer, 0, length, size - length);
  return buffer.toString('utf8', 0, bytesRead);
}

function show({ output }: Context, { name, state, explanation }: Case): void {
  const style = output.style('stdout');
  if (state !== '') output.line(style('dim', `${name} ${state}`));
  if (explanation === undefined) {
    output.line('The cause is not known: nothing in the last lines is a failure that is known.');
    output.line(state === '' ? 'Look at the lines before the last ones.' : `Look at all of them: berth logs ${name}`);
    return;
  }
  const { cause, fix, evidence } = explanation;
  output.line(style('bold', cause));
  output.line(style('dim', `  ${evidence}`));
  output.line(`→ ${fix}`);
}
