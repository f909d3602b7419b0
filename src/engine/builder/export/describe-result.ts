import type { Composed } from './compose.ts';

/** What clients are told of an image, as BuildKit's exporters name it. */
export function describeResult({ root, images }: Composed): Map<string, string> {
  const response = new Map<string, string>([['containerimage.digest', root.digest]]);
  const [only] = images;
  if (only !== undefined && only.manifest.digest === root.digest)
    response.set('containerimage.config.digest', only.document.config.digest);
  const { mediaType, digest, size, annotations, platform } = root;
  const descriptor = { mediaType, digest, size, ...(annotations && { annotations }), ...(platform && { platform }) };
  response.set('containerimage.descriptor', Buffer.from(JSON.stringify(descriptor)).toString('base64'));
  return response;
}
