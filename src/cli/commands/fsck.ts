import type { FsckFinding, FsckMessage, FsckSummary } from '#api/fsck.ts';
import { humanBytes } from '#api/progress.ts';
import { checkStore } from '#client/fsck.ts';
import { InternalError, NotFoundError, UnavailableError } from '#lib/errors.ts';
import { defineCommand } from '../command.ts';
import { movingLine } from '../output/moving-line.ts';
import type { Output } from '../output/output.ts';

/** `berth fsck`: 0 if all is as it should be or was made so, 1 if problems are left. */
export const fsck = defineCommand({
  usage: '[options]',
  details:
    'Compares every record of images, layers, trees and containers with what is on the disk. The engine goes on with its work meanwhile.',
  options: {
    fast: { kind: 'flag', help: 'Only sizes, headers and checksums of indexes; hash no content' },
    json: { kind: 'flag', help: 'One JSON document per line' },
    repair: { kind: 'flag', help: 'Mend what can be mended, and say what cannot' },
  },
  words: { min: 0, max: 0 },
  async run({ client, output, signal }, { options }) {
    const { repair, fast, json } = options;
    const messages = checkStore(await client(), { repair, fast, signal });
    const summary = await show(output, explained(messages), { json });
    if (summary === undefined) throw new InternalError('the check came to no end', { why: 'the engine broke it off' });
    if (!json) for (const line of summaryLines(output, summary)) output.line(line);
    return summary.left === 0 ? 0 : 1;
  },
});

/** An engine of another kind answers that it knows no such page. */
async function* explained(messages: AsyncIterable<FsckMessage>): AsyncGenerator<FsckMessage> {
  try {
    yield* messages;
  } catch (error) {
    if (!(error instanceof NotFoundError)) throw error;
    throw new UnavailableError('the engine cannot check its store', { why: 'it is not Berth, or an older one', cause: error }); // prettier-ignore
  }
}

async function show(
  output: Output,
  messages: AsyncIterable<FsckMessage>,
  { json }: { json: boolean },
): Promise<FsckSummary | undefined> {
  using moving = movingLine(json || !output.stdout.isTTY ? undefined : output.stdout);
  const began = performance.now();
  let summary: FsckSummary | undefined;
  for await (const message of messages) {
    summary = message.summary ?? summary;
    if (json) {
      if (message.progress === undefined) output.line(JSON.stringify(message));
      continue;
    }
    const { progress, finding } = message;
    if (progress !== undefined) moving.show(progressLine(progress, performance.now() - began));
    if (finding === undefined) continue;
    moving.clear();
    for (const line of findingLines(output, finding)) output.line(line);
  }
  return summary;
}

function progressLine({ phase, current, total }: NonNullable<FsckMessage['progress']>, elapsedMs: number): string {
  if (total === 0) return `checking ${phase}`;
  const speed = elapsedMs > 500 && current > 0 ? `  ${humanBytes((current / elapsedMs) * 1000)}/s` : '';
  return `checking ${phase}  ${humanBytes(current)} of ${humanBytes(total)}${speed}`;
}

/** What, why, what to do, and which images do not work because of it. */
function findingLines(output: Output, { what, why, fix, images, outcome }: FsckFinding): string[] {
  const style = output.style('stdout');
  const isRepaired = outcome === 'repaired';
  return [
    `${isRepaired ? style('green', 'repaired:') : style('red', 'problem:')} ${what}`,
    `  ${style('dim', 'why:')} ${why}`,
    `  ${style('dim', isRepaired ? 'done:' : 'fix:')} ${fix}`,
    ...(images.length > 0 ? [`  ${style('dim', 'images:')} ${images.join(', ')}`] : []),
  ];
}

function summaryLines(output: Output, summary: FsckSummary): string[] {
  const { images, layers, snapshots, bytes, milliseconds, repaired, left, hurt } = summary;
  const style = output.style('stdout');
  const read = bytes > 0 ? `, ${humanBytes(bytes)} read` : '';
  const looked = `${count(images, 'image')}, ${count(layers, 'layer')}, ${count(snapshots, 'tree')} checked in ${(milliseconds / 1000).toFixed(1)} s${read}`; // prettier-ignore
  if (repaired + left === 0) return [looked, style('green', 'no problems')];
  const mended = repaired > 0 ? [`${count(repaired, 'problem')} repaired`] : [];
  const open = left > 0 ? [style('red', `${count(left, 'problem')} left`)] : [];
  const harmed = hurt.length > 0 ? [`images to load, pull or build again: ${hurt.join(', ')}`] : [];
  return [looked, [...mended, ...open].join(', '), ...harmed];
}

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`;
}
