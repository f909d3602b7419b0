import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { CancelledError, UnavailableError } from '#lib/errors.ts';

export interface RunGroupOptions {
  env: Record<string, string>;
  signal?: AbortSignal | undefined;
  onOutput: (text: string) => void;
}

/** What is still there so long after the request to end is killed. */
const CLEANUP_MS = 20_000;

/**
 * Runs a program to its end in a process group of its own: mmdebstrap signals its whole group when it fails. When cancelled, the program
 * cleans up first.
 * @throws {UnavailableError} if it is not installed; {CancelledError}
 */
export async function runGroup(
  [program, ...args]: readonly [string, ...string[]],
  { env, signal, onOutput }: RunGroupOptions,
): Promise<{ code: number; stdout: string; stderr: string }> {
  const throwIfCancelled = (): void => {
    if (signal?.aborted === true) throw new CancelledError(`${program} was cancelled`);
  };
  throwIfCancelled();
  const child = spawn(program, args, { detached: true, env, stdio: ['ignore', 'pipe', 'pipe'], cwd: '/' });
  const output = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const)
    child[name].setEncoding('utf8').on('data', (text: string) => {
      output[name] += text;
      onOutput(text);
    });
  const stop = (): void => stopGroup(child);
  signal?.addEventListener('abort', stop, { once: true });
  try {
    const [code] = (await once(child, 'close')) as [number | null];
    throwIfCancelled();
    return { code: code ?? 128, ...output };
  } catch (error) {
    if ((error as { code?: string }).code !== 'ENOENT') throw error;
    throw new UnavailableError(`${program} is not installed`, { hint: `install the package ${program}` });
  } finally {
    signal?.removeEventListener('abort', stop);
  }
}

function stopGroup(child: ChildProcess): void {
  const { pid } = child;
  if (pid === undefined) return;
  const kill = (signal: NodeJS.Signals): void => {
    try {
      process.kill(-pid, signal);
    } catch {
      // It has ended meanwhile.
    }
  };
  kill('SIGTERM');
  const timer = setTimeout(() => kill('SIGKILL'), CLEANUP_MS);
  child.once('close', () => clearTimeout(timer));
}
