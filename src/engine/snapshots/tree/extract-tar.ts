import { decompress } from '#lib/compression/decompress.ts';
import type { Root } from '#lib/files/open-root.ts';
import { createTarParser, type TarLimits } from '#lib/tar/parser.ts';
import { feedParser } from './feed-parser.ts';
import { createExtractor, type ExtractOptions } from './extractor.ts';

/**
 * Writes a tar archive, in any compression, below a root as it is: whiteouts are ordinary files here.
 * @throws {InvalidArgumentError} if it is broken or reaches outside; {UnavailableError} if the disk is full; {CancelledError}
 */
export async function extractTar(
  root: Root,
  source: AsyncIterable<Uint8Array>,
  options: ExtractOptions & { signal?: AbortSignal | undefined; limits?: TarLimits } = {},
): Promise<void> {
  using extractor = createExtractor(root, options);
  const parser = createTarParser(extractor, options.limits);
  await feedParser(parser, decompress(source), options.signal);
  extractor.finish();
}
