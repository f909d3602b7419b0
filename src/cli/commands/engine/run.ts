import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { UnavailableError } from '#lib/errors.ts';
import { defineCommand } from '../../command.ts';
import { engineProgram } from '../../engine/engine-program.ts';

/** `berth engine run`: becomes the engine; its options are the engine's. */
export const run = defineCommand({
  usage: '[options]',
  options: {},
  words: { min: 0 },
  passThrough: true,
  async run(_context, { words }) {
    return runEngine(words);
  },
});

/** Hands this process over to the engine where Node can; otherwise stays and passes signals on. */
export async function runEngine(args: readonly string[]): Promise<number> {
  const [program, ...first] = engineProgram();
  const words = [...first, 'engine', 'run', ...args];
  if (typeof process.execve === 'function') process.execve(program, [program, ...words], process.env);
  const child = spawn(program, words, { stdio: 'inherit' });
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, () => child.kill(signal));
  const [code, signal] = (await once(child, 'exit').catch((error: Error) => {
    throw new UnavailableError('the engine could not be started', { why: error.message });
  })) as [number | null, NodeJS.Signals | null];
  return code ?? (signal === null ? 1 : 128);
}
