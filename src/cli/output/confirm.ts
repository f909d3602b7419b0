import { createInterface } from 'node:readline/promises';
import { UsageError } from '../parse-options.ts';
import type { Output } from './output.ts';

/** Asks before something is taken away. @returns whether to go on @throws {UsageError} where nobody can answer */
export async function confirm(output: Output, text: string): Promise<boolean> {
  output.note(text);
  if (!process.stdin.isTTY)
    throw new UsageError('nobody is there to answer', {
      why: 'standard input is no terminal',
      hint: 'add --force (-f) if you mean it',
    });
  const lines = createInterface({ input: process.stdin, output: process.stderr });
  try {
    return /^y(es)?$/i.test((await lines.question('Are you sure? [y/N] ')).trim());
  } finally {
    lines.close();
  }
}
