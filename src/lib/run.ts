import { type ChildProcess, spawn, type StdioOptions } from 'node:child_process';
import { once } from 'node:events';
import { CancelledError, InternalError, UnavailableError } from './errors.ts';

export interface RunOptions {
  signal?: AbortSignal | undefined;
  /** Written to standard input, which is empty otherwise. */
  input?: string | Uint8Array;
  cwd?: string;
  /** Replaces the environment. */
  env?: Record<string, string>;
  /** Called with each piece of output, while it is also collected. */
  onOutput?: (text: string, stream: 'stdout' | 'stderr') => void;
  /** Answer with the code instead of throwing when the program ends with another code than 0. */
  allowFailure?: boolean;
}

export interface RunResult {
  code: number;
  stdout: string;
  stderr: string;
}

const OUTPUT_LIMIT_BYTES = 16 * 1024 * 1024;

/**
 * Runs a program to its end; no shell is involved.
 * @throws {UnavailableError} if the program is not installed
 * @throws {InternalError} if it fails; the message ends with the last line it wrote to standard error
 * @throws {CancelledError} if `signal` aborts
 */
export async function run(command: readonly [string, ...string[]], options: RunOptions = {}): Promise<RunResult> {
  const [program, ...args] = command;
  const stdio: StdioOptions = [options.input === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'];
  const child = spawn(program, args, { stdio, cwd: options.cwd, env: options.env, signal: options.signal });
  const output = { stdout: '', stderr: '' };
  for (const stream of ['stdout', 'stderr'] as const) collect(child, stream, { output, onOutput: options.onOutput });
  if (options.input !== undefined) {
    child.stdin?.on('error', () => {}); // a program that ends without reading its input is no fault of ours
    child.stdin?.end(options.input);
  }
  const [code, signal] = (await once(child, 'close').catch((error: unknown) => {
    throw spawnError(program, error);
  })) as [number | null, NodeJS.Signals | null];
  const result = { code: code ?? 128, ...output };
  if (result.code !== 0 && options.allowFailure !== true)
    throw new InternalError(
      `${program} ${args[0] ?? ''} failed: ${lastLine(output.stderr) || `exit ${signal ?? code}`}`,
    );
  return result;
}

function collect(
  child: ChildProcess,
  stream: 'stdout' | 'stderr',
  { output, onOutput }: { output: { stdout: string; stderr: string }; onOutput: RunOptions['onOutput'] },
): void {
  const source = child[stream];
  source?.setEncoding('utf8').on('data', (text: string) => {
    onOutput?.(text, stream);
    if (output[stream].length < OUTPUT_LIMIT_BYTES) output[stream] += text;
  });
}

function spawnError(program: string, error: unknown): Error {
  const { code, name } = error as { code?: string; name?: string };
  if (name === 'AbortError') return new CancelledError(`${program} was cancelled`, { cause: error });
  if (code === 'ENOENT')
    return new UnavailableError(`${program} is not installed`, { hint: `install the package that has ${program}` });
  return new InternalError(`${program} could not be started: ${(error as Error).message}`, { cause: error });
}

function lastLine(text: string): string {
  return text.trimEnd().split('\n').at(-1) ?? '';
}
