import { findCredentials } from '#client/auth-config.ts';
import { inspectImage, pullImage } from '#client/images.ts';
import type { Client } from '#client/transport.ts';
import { NotFoundError, UnavailableError } from '#lib/errors.ts';
import { buildBase } from './base/build-base.ts';
import { parseReference } from '#oci/reference.ts';
import { findRecipe, RECIPES } from './base/recipes.ts';
import type { Report } from './report.ts';

/**
 * Sees to it that an image that a build starts from is there: as it is, else from its registry, else, where no registry can be
 * reached, as a stand-in made of Debian packages, which is said.
 * @throws {UnavailableError} if none of these works
 */
export async function ensureBase(
  { client, report }: { client: Client; report: Report },
  image: string,
  { signal }: { signal?: AbortSignal | undefined } = {},
): Promise<void> {
  if (await isThere(client, image)) return;
  report.say(`fetching ${image}`);
  const problem = await pull(client, image, signal);
  if (problem === undefined) return;
  signal?.throwIfAborted();
  if (!isUnreachable(problem) || findRecipe(image) === undefined) throw cannotFetch(image, problem);
  report.warn(`no registry can be reached: a stand-in for ${image}, made of Debian packages, takes its place`);
  const { seconds } = await buildBase(client, image, { signal, onProgress: (line) => report.detail(line) });
  report.say(`made the stand-in for ${image} in ${seconds.toFixed(1)} s`);
}

async function isThere(client: Client, image: string): Promise<boolean> {
  try {
    await inspectImage(client, image);
    return true;
  } catch (error) {
    if (error instanceof NotFoundError) return false;
    throw error;
  }
}

async function pull(client: Client, image: string, signal: AbortSignal | undefined): Promise<Error | undefined> {
  try {
    const auth = await findCredentials(parseReference(image).domain);
    for await (const _ of pullImage(client, image, { auth, signal })); // its progress is of no interest here
    return undefined;
  } catch (error) {
    return error instanceof Error ? error : new UnavailableError(String(error));
  }
}

const NETWORK_PROBLEM =
  /no such host|getaddrinfo|ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ETIMEDOUT|timed? ?out|unreachable|cannot be reached|connection refused/i;

/** Nobody was reached, as opposed to a registry that does not have the image or does not give it. */
function isUnreachable(problem: Error): boolean {
  return problem instanceof UnavailableError || NETWORK_PROBLEM.test(problem.message);
}

function cannotFetch(image: string, problem: Error): UnavailableError {
  const nearest = nearestPython(image);
  const why = `${problem.message}${isUnreachable(problem) ? '; there is no stand-in for it either' : ''}`;
  const other = nearest === undefined ? '' : `take the nearest Python that can be made here: --python ${nearest}; or `;
  return new UnavailableError(`${image} is not here and cannot be fetched`, {
    why,
    hint: `${other}load the image from an archive: berth load -i FILE`,
    cause: problem,
  });
}

/** The version among the stand-ins that is closest to the one an image has. */
function nearestPython(image: string): string | undefined {
  const wanted = /(?:^|\/)python:3\.(\d+)/.exec(image)?.[1];
  if (wanted === undefined) return undefined;
  const distance = (version: string): number => Math.abs(Number(version.split('.')[1]) - Number(wanted));
  return RECIPES.flatMap(({ python }) => python ?? []).toSorted((a, b) => distance(a) - distance(b))[0];
}
