import type { BuildRequest } from '../request.ts';
import { checkProvenance } from './attest/provenance.ts';
import { checkScanner } from './attest/sbom.ts';
import { flagOf, numberOf } from './attributes.ts';
import { checkArchive } from './export-archive.ts';
import { modeOf } from './export-files.ts';
import { checkImage } from './export-image.ts';
import { parseImageOptions, parseStoreOptions } from './image-options.ts';
import type { OutputSpec } from './output-spec.ts';

type Asked = Pick<BuildRequest, 'outputs' | 'attestations' | 'platforms' | 'multiPlatform'>;

/** Refuses what could not be delivered at the end of a build, before its steps run. @throws {InvalidArgumentError} {NotImplementedError} */
export function checkOutputs(asked: Asked): void {
  for (const output of asked.outputs) checkOutput(output, asked);
  for (const [kind, parameters] of asked.attestations) {
    if (flagOf(parameters, 'disabled')) continue;
    if (kind === 'sbom') checkScanner(parameters);
    else checkProvenance(parameters);
  }
}

function checkOutput(output: OutputSpec, { platforms, multiPlatform }: Asked): void {
  const { type, attributes } = output;
  if (type === 'cacheonly') return;
  if (type === 'local' || type === 'tar') {
    modeOf(output);
    flagOf(attributes, 'platform-split', true);
    numberOf(attributes, 'source-date-epoch', { from: 0, to: Number.MAX_SAFE_INTEGER });
    return;
  }
  const options = parseImageOptions(output);
  if (type === 'image') checkImage(options, parseStoreOptions(output));
  else checkArchive(output, platforms.length > 1 || multiPlatform);
}
