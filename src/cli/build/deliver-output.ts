import { once } from 'node:events';
import { mkdir, open, readdir, rename, rm, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { Readable } from 'node:stream';
import type { BuildLine, OrderedPlace } from '#api/build-order.ts';
import { unpackArchive } from '../container/unpack-archive.ts';
import type { Output } from '../output/output.ts';
import { UsageError } from '../parse-options.ts';

/** What is wrong with the places of outputs is told before anything is built. @throws {UsageError} */
export function checkPlaces(places: readonly OrderedPlace[], output: Output): void {
  for (const { type, attributes } of places) {
    const { dest } = attributes;
    if (type === 'local' && (dest === undefined || dest === ''))
      throw new UsageError('the output local needs a folder', { hint: '--output type=local,dest=out' });
    const isToTerminal = ['tar', 'oci'].includes(type) && (dest === undefined || dest === '-') && output.stdout.isTTY;
    if (isToTerminal)
      throw new UsageError(`the output ${type} is an archive, which is not written to a terminal`, {
        hint: `--output type=${type},dest=out.tar`,
      });
  }
}

/** Puts an output where it is wanted: a tree into a folder, an archive into a file or to standard output. */
export async function deliverOutput(
  body: Readable,
  { form, keep }: Extract<BuildLine, { kind: 'output' }>,
  { place, output }: { place: OrderedPlace; output: Output },
): Promise<void> {
  const { dest = '-' } = place.attributes;
  if (form === 'tree') await unpackTree(body, { folder: resolve(dest), keep });
  else if (dest === '-') for await (const piece of body) await output.bytes(piece as Buffer);
  else await writeArchive(body, resolve(dest));
}

async function unpackTree(body: Readable, { folder, keep }: { folder: string; keep: boolean }): Promise<void> {
  await mkdir(folder, { recursive: true });
  const names = await unpackArchive(body, { folder });
  if (keep) return;
  for (const name of await readdir(folder, { recursive: true }))
    if (!names.has(name)) await rm(join(folder, name), { recursive: true, force: true });
}

/** Under its name once it is whole; a device or a pipe takes the bytes as they come. */
async function writeArchive(body: Readable, path: string): Promise<void> {
  const facts = await stat(path).catch(() => undefined);
  const isPlain = facts === undefined || facts.isFile();
  const unfinished = isPlain ? `${path}.part` : path;
  const file = await open(unfinished, 'w');
  try {
    const stream = file.createWriteStream();
    for await (const piece of body) if (!stream.write(piece)) await once(stream, 'drain');
    stream.end();
    await once(stream, 'close');
    if (isPlain) await rename(unfinished, path);
  } catch (error) {
    if (isPlain) await rm(unfinished, { force: true });
    throw error;
  }
}
