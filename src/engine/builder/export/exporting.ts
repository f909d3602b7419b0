import type { Image } from '#engine/images/image.ts';
import type { BuilderContext } from '../build-run.ts';
import type { PlatformResult } from '../prepare-build.ts';
import type { Vertex } from '../progress/events.ts';
import type { BuildReport } from '../progress/report.ts';
import type { BuildRequest } from '../request.ts';
import type { BuiltImage } from './built-image.ts';
import type { LayerForms } from './layer-forms.ts';

/** A build whose results are delivered. */
export interface Exporting {
  context: BuilderContext;
  request: BuildRequest;
  report: BuildReport;
  results: readonly PlatformResult[];
  /** When the build began, milliseconds since epoch. */
  started: number;
  /** What the next build may take from an image, as its config has it; none if absent. */
  inlineCache?: (result: PlatformResult, built: BuiltImage) => Promise<Readonly<Record<string, unknown>>>;
}

/** What a build delivered. */
export interface Exported {
  /** The image in the store, where one was asked for. */
  image: Image | undefined;
  /** What clients are told, as BuildKit's exporters name it: `containerimage.digest`, `image.name`, … */
  response: ReadonlyMap<string, string>;
  /** What installs without fixed versions resolved to: the text of a `build.lock`. */
  lock?: string;
}

/** One output under way, with what it shares with the others. */
export interface Delivery extends Exporting {
  vertex: Vertex;
  forms: LayerForms;
  /** Results with the names of their layers. */
  sealed: () => Promise<readonly BuiltImage[]>;
  signal: AbortSignal;
}

/** Does a part of what a vertex is about; clients show it below that. */
export async function within<T>(vertex: Vertex, id: string, work: () => Promise<T>): Promise<T> {
  const started = Date.now();
  vertex.status({ id, current: 0, total: 0, started, completed: undefined });
  const result = await work();
  vertex.status({ id, current: 0, total: 0, started, completed: Date.now() });
  return result;
}
