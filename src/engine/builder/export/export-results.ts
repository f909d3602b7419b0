import { epochOf } from '../stages/epoch.ts';
import { type BuiltImage, sealResult } from './built-image.ts';
import { exportArchive } from './export-archive.ts';
import { exportFiles } from './export-files.ts';
import { exportImage } from './export-image.ts';
import type { Delivery, Exported, Exporting } from './exporting.ts';
import { openLayerForms } from './layer-forms.ts';
import type { OutputSpec } from './output-spec.ts';

export type { Exported, Exporting } from './exporting.ts';

type Exporter = (delivery: Delivery, output: OutputSpec) => Promise<Exported>;

const EXPORTERS: Readonly<Record<OutputSpec['type'], { title: string; deliver: Exporter }>> = {
  image: { title: 'exporting to image', deliver: exportImage },
  docker: { title: 'exporting to docker image format', deliver: exportArchive },
  oci: { title: 'exporting to oci image format', deliver: exportArchive },
  local: { title: 'exporting to client directory', deliver: exportFiles },
  tar: { title: 'exporting to client tarball', deliver: exportFiles },
  cacheonly: { title: 'exporting nothing', deliver: async () => ({ image: undefined, response: new Map() }) },
};

/** Delivers the outputs that a build asks for, one after another. @throws what the store, the registry or the client's side says */
export async function exportResults(exporting: Exporting): Promise<Exported> {
  const { context, request, report, results } = exporting;
  const outputs = request.outputs.filter(({ type }) => type !== 'cacheonly');
  for (const { build } of results) await epochOf(build); // a wrong one is told before anything is delivered
  // What is done side by side ends with the first failure.
  const failure = new AbortController();
  const signal = AbortSignal.any([request.signal, failure.signal]);
  await using forms = openLayerForms(context, signal);
  let sealing: Promise<readonly BuiltImage[]> | undefined;
  const sealed = (): Promise<readonly BuiltImage[]> => (sealing ??= Promise.all(results.map(sealResult)));
  const response = new Map<string, string>();
  let image: Exported['image'];
  for (const output of outputs) {
    const { title, deliver } = EXPORTERS[output.type];
    const exported = await report.within({ name: title }, (vertex) =>
      deliver({ ...exporting, vertex, forms, sealed, signal }, output).catch((error: unknown) => {
        failure.abort(error);
        throw error;
      }),
    );
    image ??= exported.image;
    for (const [name, value] of exported.response) response.set(name, value);
  }
  return { image, response };
}
