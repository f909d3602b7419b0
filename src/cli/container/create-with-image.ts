import { writeFile } from 'node:fs/promises';
import { createContainer } from '#client/containers.ts';
import { pullImage } from '#client/images.ts';
import type { Client } from '#client/transport.ts';
import { ConflictError, NotFoundError } from '#lib/errors.ts';
import { existsSync } from 'node:fs';
import type { Context } from '../command.ts';
import { UsageError } from '../parse-options.ts';
import { registryAuth } from '../registry-auth.ts';
import { showProgress } from '../output/progress.ts';

export interface CreateRequest {
  body: object;
  image: string;
  name: string | undefined;
  platform: string | undefined;
  /** When the image is fetched: always, missing (the default), never. */
  pull: string | undefined;
  quiet: boolean;
  hostCa: boolean;
  /** File to write the id to. */
  cidfile: string | undefined;
}

/** Creates a container and fetches its image first where it is missing. @returns its id */
export async function createWithImage(context: Context, request: CreateRequest): Promise<string> {
  const when = request.pull ?? 'missing';
  if (!['always', 'missing', 'never'].includes(when))
    throw new UsageError(`--pull is always, missing or never, not ${JSON.stringify(when)}`);
  if (request.cidfile !== undefined && existsSync(request.cidfile))
    throw new ConflictError(`the file of --cidfile is there already: ${request.cidfile}`, {
      hint: 'remove it, or name another one',
    });
  const client = await context.client();
  if (when === 'always') await fetchImage(context, client, request);
  const create = async () => createContainer(client, request.body, request);
  const { Id, Warnings } = await create().catch(async (error: unknown) => {
    if (!(error instanceof NotFoundError) || !/no such image/i.test(error.message) || when === 'never') throw error;
    if (!request.quiet) context.output.note(`Unable to find image '${request.image}' locally`);
    await fetchOrMake(context, client, request);
    return create();
  });
  for (const warning of Warnings ?? []) context.output.warn(warning);
  if (request.cidfile !== undefined) await writeFile(request.cidfile, Id);
  return Id;
}

/** Where no registry can be reached, an image that we know how to make is made, and that is said. */
async function fetchOrMake(context: Context, client: Client, request: CreateRequest): Promise<void> {
  await fetchImage(context, client, request).catch(async (error: unknown) => {
    const { findRecipe } = await import('#project/base/recipes.ts');
    if (findRecipe(request.image) === undefined) throw error;
    const { ensureBase } = await import('#project/ensure-base.ts');
    const { openProjectReport } = await import('../output/project-report.ts');
    const report = openProjectReport(context.output, { verbose: false, keepStdout: true });
    await ensureBase({ client, report }, request.image);
  });
}

async function fetchImage(
  { output }: Context,
  client: Client,
  { image, platform, quiet }: CreateRequest,
): Promise<void> {
  const auth = await registryAuth(image);
  await showProgress(output, pullImage(client, image, { platform, auth }), { quiet, stream: 'stderr' });
}
