import { inspectImage, pullImage } from '#client/images.ts';
import type { Client } from '#client/transport.ts';
import { NotFoundError, UnavailableError } from '#lib/errors.ts';
import type { Report } from './report.ts';

/**
 * Sees to it that an image that a build starts from is there: as it is, else from its registry, else as a stand-in made of Debian
 * packages, which is said.
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
  throw new UnavailableError(`${image} is not here and cannot be fetched`, { why: problem, hint: 'check the network' });
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

async function pull(client: Client, image: string, signal: AbortSignal | undefined): Promise<string | undefined> {
  try {
    for await (const _ of pullImage(client, image, { signal })); // its progress is of no interest here
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
