import type { PruneAnswer } from '#api/answers.ts';
import type { Output } from './output.ts';
import { sizeText } from './quantities.ts';

/** Prints what prunes took away, and how much space that gave. */
export function printPruned(output: Output, answers: readonly (readonly [title: string, answer: PruneAnswer])[]): void {
  for (const [title, answer] of answers) {
    const names = [
      ...(answer.ContainersDeleted ?? []),
      ...(answer.VolumesDeleted ?? []),
      ...(answer.NetworksDeleted ?? []),
      ...(answer.CachesDeleted ?? []),
      ...(answer.ImagesDeleted ?? []).map(({ Untagged, Deleted }) =>
        Untagged === undefined ? `deleted: ${Deleted ?? ''}` : `untagged: ${Untagged}`,
      ),
    ];
    if (names.length > 0) output.line([`${title}:`, ...names, ''].join('\n'));
  }
  const bytes = answers.reduce((sum, [, { SpaceReclaimed = 0 }]) => sum + SpaceReclaimed, 0);
  output.line(`Total reclaimed space: ${sizeText(bytes)}`);
}
