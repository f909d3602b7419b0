import type { DedupeSummary } from '#api/dedupe.ts';
import { dedupeLayers } from '#client/system.ts';
import { defineCommand } from '../../command.ts';
import { showProgress } from '../../output/progress.ts';
import { sizeText } from '../../output/quantities.ts';

/** `berth system dedupe` */
export const dedupe = defineCommand({
  usage: '[options]',
  options: {
    'dry-run': { kind: 'flag', help: 'Only say what would be saved' },
    json: { kind: 'flag', help: 'The result as JSON' },
  },
  words: { min: 0, max: 0 },
  async run({ client, output, signal }, { options }) {
    const dryRun = options['dry-run'];
    let summary: DedupeSummary | undefined;
    await showProgress(output, dedupeLayers(await client(), { dryRun, signal }), {
      stream: 'stderr',
      quiet: options.json,
      onMessage: ({ aux }) => (summary = (aux as DedupeSummary | undefined) ?? summary),
    });
    if (summary === undefined) return 1;
    output.line(options.json ? JSON.stringify(summary) : resultLine(summary, dryRun));
    return 0;
  },
});

function resultLine({ layers, rewritten, saved }: DedupeSummary, dryRun: boolean): string {
  const looked = `${layers} ${layers === 1 ? 'layer' : 'layers'} looked at`;
  if (dryRun) return `${looked}; writing ${rewritten} anew would save ${sizeText(saved)}`;
  return `${looked}, ${rewritten} written anew, ${sizeText(saved)} saved`;
}
