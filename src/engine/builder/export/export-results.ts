import type { Image } from '#engine/images/image.ts';
import { NotImplementedError } from '#lib/errors.ts';
import type { BuilderContext } from '../build-run.ts';
import type { PlatformResult } from '../prepare-build.ts';
import type { BuildReport } from '../progress/report.ts';
import type { BuildRequest } from '../request.ts';
import { finishImage } from './finish-image.ts';
import type { OutputSpec } from './output-spec.ts';

/** What a build delivered. */
export interface Exported {
  /** The image in the store, where one was asked for. */
  image: Image | undefined;
  /** What clients are told, as BuildKit's exporters name it: `containerimage.digest`, `image.name`, … */
  response: ReadonlyMap<string, string>;
  /** What installs without fixed versions resolved to: the text of a `build.lock`. */
  lock?: string;
}

export interface Exporting {
  context: BuilderContext;
  request: BuildRequest;
  report: BuildReport;
  results: readonly PlatformResult[];
  /** When the build began, milliseconds since epoch. */
  started: number;
}

/** Delivers the outputs that a build asks for, one after another. @throws what the store, the registry or the client's side says */
export async function exportResults(exporting: Exporting): Promise<Exported> {
  const response = new Map<string, string>();
  let image: Image | undefined;
  for (const output of exporting.request.outputs) {
    const exported = await exportOne(exporting, output);
    image ??= exported.image;
    for (const [name, value] of exported.response) response.set(name, value);
  }
  return { image, response };
}

async function exportOne(exporting: Exporting, output: OutputSpec): Promise<Exported> {
  const { context, results } = exporting;
  const [only, ...more] = results;
  if (output.type !== 'image' || only === undefined || more.length > 0)
    throw new NotImplementedError(`the output ${output.type} is not supported`);
  const tags = (output.attributes.get('name') ?? '').split(',').filter((name) => name !== '');
  const image = await finishImage(context, only.state, tags);
  context.events.publish({ type: 'builder', action: 'build', id: image.id, attributes: {} });
  for (const name of tags) context.events.publish({ type: 'image', action: 'tag', id: image.id, attributes: { name } });
  const response = new Map<string, string>([['containerimage.config.digest', image.id]]);
  if (tags.length > 0) response.set('image.name', tags.join(','));
  return { image, response };
}
