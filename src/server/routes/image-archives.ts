import type { Images } from '#engine/images/images.ts';
import { createLoadReport } from '#engine/images/load-report.ts';
import { loadImages } from '#engine/images/load-images.ts';
import { saveImages } from '#engine/images/save-images.ts';
import { queryFlag } from '#api/query.ts';
import { InvalidArgumentError } from '#lib/errors.ts';
import type { Platform } from '#oci/platform.ts';
import { familiarName, parseReference } from '#oci/reference.ts';
import type { Call } from '../route.ts';
import { sendBody } from '../send-body.ts';

/** `GET /images/get`: the archive as it is made; a failure on the way breaks the connection off, so that nobody takes the piece for the whole. */
export async function saveArchive(images: Images, { response, signal }: Call, names: readonly string[]): Promise<void> {
  if (names.length === 0) throw new InvalidArgumentError('no image was named');
  const archive = await saveImages(images.context, names, { signal });
  response.writeHead(200, { 'Content-Type': 'application/x-tar', 'Content-Length': archive.totalBytes });
  try {
    await sendBody(response, archive);
  } catch (error) {
    images.context.log.warn('saving images broke off', { error: String(error) });
    response.destroy();
  }
}

/** `POST /images/load`: the body is an archive in any form; the answer tells each image that came, or what failed. */
export async function loadArchive(images: Images, call: Call): Promise<void> {
  const { request, query, signal } = call;
  const platform = parsePlatform(query.get('platform'));
  const isQuiet = queryFlag(query, 'quiet');
  const lines = call.jsonLines();
  const say = (stream: string): void => void lines.write({ stream });
  const report = createLoadReport((message) => void lines.write(message));
  try {
    await loadImages(images.context, call.upload(), {
      platform,
      signal,
      isDurable: queryFlag(query, 'sync'),
      ...(!isQuiet && { onBytes: report }),
      onMoved: (tag, from) => {
        const name = familiarName(parseReference(tag));
        if (!isQuiet) say(`The image ${name} already exists, renaming the old one with ID ${from} to empty string\n`);
      },
      onLoaded: (image, tags) => {
        if (tags.length === 0) say(`Loaded image ID: ${image.id}\n`);
        for (const tag of tags) say(`Loaded image: ${familiarName(parseReference(tag))}\n`);
      },
    });
  } finally {
    request.resume(); // a client that is still sending reads the answer only if somebody takes the rest
  }
  lines.end();
}

/** The JSON form of a platform that the API takes. @throws {InvalidArgumentError} */
function parsePlatform(text: string | null): Platform | undefined {
  if (text === null || text === '') return undefined;
  try {
    const { os, architecture, variant } = JSON.parse(text) as Partial<Platform>;
    if (typeof os !== 'string' || typeof architecture !== 'string')
      throw new TypeError('os and architecture are needed');
    return { os, architecture, ...(typeof variant === 'string' && variant !== '' && { variant }) };
  } catch (error) {
    throw new InvalidArgumentError(`invalid platform: ${text}`, { cause: error });
  }
}
