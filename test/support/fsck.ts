import type { FsckFinding, FsckMessage } from '#api/fsck.ts';
import { InternalError } from '#lib/errors.ts';
import type { TestEngine } from './engine.ts';

export interface FsckOutcome {
  code: number;
  findings: FsckFinding[];
}

/** Runs `berth fsck --json` with more options and reads what it says. */
export async function fsck(engine: TestEngine, ...flags: string[]): Promise<FsckOutcome> {
  const { code, stdout, stderr } = await engine.berth('fsck', '--json', ...flags);
  const messages = stdout
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as FsckMessage);
  if (!messages.some(({ summary }) => summary !== undefined))
    throw new InternalError(`fsck came to no end (${code}): ${stderr}${stdout}`);
  return { code, findings: messages.flatMap(({ finding }) => (finding === undefined ? [] : [finding])) };
}

/** What fsck finds, as lines. */
export async function fsckProblems(engine: TestEngine, ...flags: string[]): Promise<string[]> {
  const { code, findings } = await fsck(engine, ...flags);
  const lines = findings.map(({ kind, what, why }) => `fsck: ${kind}: ${what}: ${why}`);
  return lines.length === 0 && code !== 0 ? [`fsck ends with ${code} and has found nothing`] : lines;
}
