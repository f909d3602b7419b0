import { packTree } from '#engine/snapshots/tree/pack-tree.ts';
import { InvalidArgumentError } from '#lib/errors.ts';
import { openRoot } from '#lib/files/open-root.ts';
import { TAR_END } from '#lib/tar/writer.ts';
import { formatPlatform } from '#oci/platform.ts';
import { epochOf } from '../stages/epoch.ts';
import { statementFiles } from './attest/statements.ts';
import { flagOf, numberOf } from './attributes.ts';
import { type Delivery, type Exported, within } from './exporting.ts';
import { openTrees } from './open-trees.ts';
import type { OutputSpec } from './output-spec.ts';
import { rewriteTimes } from './rewrite-times.ts';

/** `local` and `tar`: the files of a result. @throws what the client's side says */
export async function exportFiles(delivery: Delivery, output: OutputSpec): Promise<Exported> {
  const { results, request, vertex, signal } = delivery;
  const { attributes, sink, type } = output;
  if (sink === undefined)
    throw new InvalidArgumentError(`the output ${type} has no place to go to`, {
      why: 'the client did not say where it takes it',
      hint: `write --output type=${type},dest=PLACE`,
    });
  const isSplit = results.length > 1 || request.multiPlatform ? flagOf(attributes, 'platform-split', true) : false;
  const isKept = modeOf(output) !== 'delete';
  const statements = await statementFiles(delivery, {
    prefix: attributes.get('attestation-prefix') ?? '',
    isSplit: isSplit || results.length === 1,
  });
  await using trees = await openTrees(
    delivery.context,
    results.map(({ platform, state }, index) => ({
      name: isSplit ? formatPlatform(platform).replaceAll('/', '_') : '',
      layer: state.layers.at(-1),
      files: statements[index] ?? new Map(),
    })),
  );
  const epoch =
    numberOf(attributes, 'source-date-epoch', { from: 0, to: Number.MAX_SAFE_INTEGER }) ?? (await buildEpoch(delivery));
  const metadata = new Map<string, string>();
  if (type === 'local') {
    const time = epoch === undefined ? {} : { time: epoch };
    await within(vertex, 'copying files', async () => {
      for (const [index, path] of trees.paths.entries())
        await sink.tree(path, { keep: isKept || index > 0, metadata, ...time });
    });
  } else {
    const tar = joinTars(trees.paths.map((path) => packFolder(path, signal)));
    const timed = epoch === undefined ? tar : rewriteTimes(tar, () => BigInt(epoch) * 1_000_000_000n);
    await within(vertex, 'sending tarball', () => sink.stream(timed, metadata));
  }
  return { image: undefined, response: metadata };
}

async function buildEpoch({ results: [first] }: Delivery): Promise<number | undefined> {
  return first === undefined ? undefined : epochOf(first.build);
}

/** What happens to files that are at the place already. @throws {InvalidArgumentError} */
export function modeOf({ attributes }: OutputSpec): string {
  const mode = attributes.get('mode') ?? 'copy';
  if (mode === 'copy' || mode === 'delete') return mode;
  throw new InvalidArgumentError(`invalid value ${JSON.stringify(mode)} for the output option mode`, {
    why: 'it says what happens to files that are at the place already',
    hint: 'write mode=copy to keep them, or mode=delete',
  });
}

async function* packFolder(path: string, signal: AbortSignal): AsyncGenerator<Buffer> {
  using root = openRoot(path);
  yield* packTree(root, '', { signal });
}

/** One archive of several: only the last one ends. */
async function* joinTars(tars: readonly AsyncIterable<Buffer>[]): AsyncGenerator<Buffer> {
  for (const [index, tar] of tars.entries()) {
    let held: Buffer = Buffer.alloc(0);
    for await (const piece of tar) {
      const bytes = held.length === 0 ? piece : Buffer.concat([held, piece]);
      held = bytes.subarray(Math.max(0, bytes.length - TAR_END.length));
      yield bytes.subarray(0, bytes.length - held.length);
    }
    if (index === tars.length - 1) yield held;
  }
}
