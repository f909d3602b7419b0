import type { FsckFinding, FsckMessage } from '#api/fsck.ts';
import { InternalError } from '#lib/errors.ts';
import type { TestEngine } from './engine.ts';

export interface FsckOutcome {
  /** Exit code of the command. */
  code: number;
  findings: FsckFinding[];
}

/** Lets the engine check its store, as `berth fsck` does, which would take longer to start than the check takes. */
export async function fsck(engine: TestEngine, ...flags: ('--fast' | '--repair')[]): Promise<FsckOutcome> {
  const query = flags.map((flag) => `${flag.slice(2)}=1`).join('&');
  const { text } = await engine.request('POST', `/berth/fsck?${query}`);
  const messages = text
    .split('\n')
    .filter((line) => line.trim() !== '')
    .map((line) => JSON.parse(line) as FsckMessage);
  const summary = messages.find((message) => message.summary !== undefined)?.summary;
  if (summary === undefined) throw new InternalError(`the check came to no end: ${text}`);
  const findings = messages.flatMap(({ finding }) => (finding === undefined ? [] : [finding]));
  return { code: summary.left === 0 ? 0 : 1, findings };
}

/** What fsck finds, as lines. */
export async function fsckProblems(engine: TestEngine, ...flags: ('--fast' | '--repair')[]): Promise<string[]> {
  const { code, findings } = await fsck(engine, ...flags);
  const lines = findings.map(({ kind, what, why }) => `fsck: ${kind}: ${what}: ${why}`);
  return lines.length === 0 && code !== 0 ? [`fsck ends with ${code} and has found nothing`] : lines;
}
