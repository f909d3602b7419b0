import { parseAuthHeader } from '#api/auth-header.ts';
import type { Images } from '#engine/images/images.ts';
import { pushImage } from '#engine/images/push.ts';
import { InvalidArgumentError } from '#lib/errors.ts';
import { canonicalName, parseReference } from '#oci/reference.ts';
import { streamProgress } from '../progress-stream.ts';
import type { Call, Route } from '../route.ts';

/** What these routes need of the engine. */
export interface PushBackend {
  images: Images;
  registries: () => { insecureRegistries: readonly string[] };
}

/** Engine API, tag Image: pushing. */
export function pushRoutes(engine: PushBackend): readonly Route[] {
  return [['POST', '/images/:name*/push', async (call) => push(engine, call)]];
}

async function push({ images, registries }: PushBackend, call: Call): Promise<void> {
  const named = parseReference(call.params['name'] ?? '');
  if (named.digest !== undefined) throw new InvalidArgumentError('cannot push a digest reference');
  const tag = call.query.get('tag') ?? '';
  const { domain, path } = named;
  const reference = tag === '' ? named : parseReference(`${canonicalName({ domain, path })}:${tag}`);
  const auth = parseAuthHeader(call.request.headers['x-registry-auth']);
  const { insecureRegistries } = registries();
  // A body, an old way to send credentials, is of no use.
  call.request.resume();
  await streamProgress(call, async (report) => {
    await pushImage(images.context, reference, { insecureRegistries, auth, signal: call.signal, report });
  });
}
