import { UnavailableError } from '#lib/errors.ts';
import type { BlobOptions } from './blobs.ts';
import { responseError } from './response-error.ts';
import { DEFAULT_RETRY, retryResponse } from './retry.ts';
import type { Session } from './session.ts';
import { readBody } from './wire.ts';

const PAGE_LIMIT_BYTES = 8 * 1024 * 1024;
const TAG_LIMIT = 100_000;

/** `GET /v2/N/tags/list`, page by page. @throws {NotFoundError} for an unknown repository */
export async function listTags(session: Session, { repository, scopes, signal }: BlobOptions): Promise<string[]> {
  const tags: string[] = [];
  let path: string | URL | undefined = `/v2/${repository}/tags/list`;
  while (path !== undefined) {
    const request = { method: 'GET' as const, path, scopes, signal };
    const response = await retryResponse(async () => session.send(request), { ...DEFAULT_RETRY, signal });
    if (response.status !== 200) throw await responseError(response, `the tags of ${repository} cannot be read`);
    tags.push(...parseTags(await readBody(response, PAGE_LIMIT_BYTES), response.url.host));
    if (tags.length > TAG_LIMIT) throw new UnavailableError(`${repository} has more than ${TAG_LIMIT} tags`);
    path = nextPage(response.headers['link'], response.url);
  }
  return tags;
}

function parseTags(body: Buffer, host: string): string[] {
  try {
    const { tags } = JSON.parse(body.toString()) as { tags?: unknown };
    return Array.isArray(tags) ? tags.filter((tag) => typeof tag === 'string') : [];
  } catch {
    throw new UnavailableError(`${host} answered with something that is no list of tags`);
  }
}

/** RFC 8288: `</v2/x/tags/list?last=b>; rel="next"`; only within the registry. */
function nextPage(link: string | string[] | undefined, from: URL): URL | undefined {
  const [, target] = /<([^>]*)>\s*;\s*rel="?next"?/.exec(String(link ?? '')) ?? [];
  if (target === undefined || !URL.canParse(target, from.href)) return undefined;
  const url = new URL(target, from);
  return url.origin === from.origin && url.href !== from.href ? url : undefined;
}
