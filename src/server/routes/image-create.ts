import { parseAuthHeader } from '#api/auth-header.ts';
import type { ProgressMessage } from '#api/progress.ts';
import { applyChanges } from '#engine/images/apply-changes.ts';
import type { Images } from '#engine/images/images.ts';
import { importImage } from '#engine/images/import-image.ts';
import { pullImage } from '#engine/images/pull.ts';
import { remoteTags } from '#engine/images/remote-tags.ts';
import { InvalidArgumentError, UnavailableError } from '#lib/errors.ts';
import { parsePlatform } from '#oci/parse-platform.ts';
import type { Platform } from '#oci/platform.ts';
import { canonicalName, parseReference, type Reference, withDefaultTag } from '#oci/reference.ts';
import { streamProgress } from '../progress-stream.ts';
import type { Call, Route } from '../route.ts';

/** What these routes need of the engine. */
export interface ImageCreateBackend {
  images: Images;
  /** Settings for registries as they are now. */
  registries: () => { insecureRegistries: readonly string[]; mirrors: readonly string[] };
}

/** Engine API, tag Image: pulling and importing. */
export function imageCreateRoutes(engine: ImageCreateBackend): readonly Route[] {
  return [['POST', '/images/create', async (call) => (isImport(call) ? runImport(engine, call) : pull(engine, call))]];
}

function isImport({ query }: Call): boolean {
  return (query.get('fromSrc') ?? '') !== '';
}

async function pull({ images, registries }: ImageCreateBackend, call: Call): Promise<void> {
  const reference = pullReference(call.query);
  const platform = platformOf(call.query);
  const auth = parseAuthHeader(call.request.headers['x-registry-auth']);
  const options = { ...registries(), platform, auth, signal: call.signal };
  await streamProgress(call, async (report) => {
    const isAll = reference.tag === undefined && reference.digest === undefined;
    const tags = isAll ? await remoteTags(reference, options) : [];
    for (const tag of tags) await pullImage(images.context, { ...reference, tag }, { ...options, report });
    if (!isAll) await pullImage(images.context, reference, { ...options, report });
  });
}

/** `fromImage` may hold tag or digest, or `tag` does; neither means all tags. */
function pullReference(query: URLSearchParams): Reference {
  const name = query.get('fromImage') ?? '';
  if (name === '') throw new InvalidArgumentError('fromImage or fromSrc is needed');
  const tag = query.get('tag') ?? '';
  const separator = tag.includes(':') ? '@' : ':';
  return parseReference(tag === '' ? name : `${withoutTag(name)}${separator}${tag}`);
}

function withoutTag(name: string): string {
  const { domain, path } = parseReference(name);
  return canonicalName({ domain, path });
}

function platformOf(query: URLSearchParams): Platform | undefined {
  const text = query.get('platform') ?? '';
  return text === '' ? undefined : parsePlatform(text);
}

async function runImport({ images }: ImageCreateBackend, call: Call): Promise<void> {
  const { query, signal } = call;
  const repo = query.get('repo') ?? '';
  const tag = query.get('tag') ?? '';
  const tags = repo === '' ? [] : [canonicalName(withDefaultTag(parseReference(tag === '' ? repo : `${repo}:${tag}`)))];
  const from = query.get('fromSrc') ?? '';
  const options = {
    tags,
    message: query.get('message') || `Imported from ${from}`,
    config: applyChanges({}, query.getAll('changes')),
    platform: platformOf(query),
    signal,
  };
  await streamProgress(call, async (report) => {
    const source = from === '-' ? call.upload() : await download(from, { signal, report });
    const image = await importImage(images.context, source, options);
    report({ status: image.id });
  });
}

interface DownloadOptions {
  signal: AbortSignal;
  report: (message: ProgressMessage) => void;
}

/** @throws {InvalidArgumentError} {UnavailableError} */
async function download(address: string, { signal, report }: DownloadOptions): Promise<AsyncIterable<Uint8Array>> {
  const text = address.includes('://') ? address : `http://${address}`;
  if (!URL.canParse(text) || !/^https?:$/.test(new URL(text).protocol))
    throw new InvalidArgumentError(`not an address to import from: ${JSON.stringify(address)}`);
  const response = await fetch(text, { signal }).catch((error: unknown) => {
    throw new UnavailableError(`cannot download ${text}`, {
      why: String((error as Error).cause ?? error),
      cause: error,
    });
  });
  if (!response.ok || response.body === null)
    throw new UnavailableError(`cannot download ${text}: the server answered ${response.status}`);
  report({ status: `Downloading from ${text}` });
  return response.body;
}
