import { type Readable } from 'node:stream';
import { resolve } from 'node:path';
import { copyFromContainer, copyIntoContainer, statInContainer } from '#client/containers.ts';
import { packPath } from '../../container/pack-path.ts';
import { NotFoundError } from '#lib/errors.ts';
import { type Context, defineCommand } from '../../command.ts';
import { copyTarget } from '../../container/copy-target.ts';
import { unpackTo } from '../../container/unpack-to.ts';
import { UsageError } from '../../parse-options.ts';

/** Bit of Go's file modes. */
const DIRECTORY = 2 ** 31;

/** `berth cp` */
export const cp = defineCommand({
  usage: '[options] CONTAINER:PATH PATH | PATH CONTAINER:PATH',
  details: '`-` instead of a path of the host is a tar archive on standard input or output.',
  options: {
    archive: { kind: 'flag', short: 'a', help: 'Keep owners' },
    'follow-link': { kind: 'flag', short: 'L', help: 'Copy what a link of the host points to' },
    quiet: { kind: 'flag', short: 'q', help: 'Say nothing' },
  },
  words: { min: 2, max: 2 },
  async run(context, { options, words: [source = '', target = ''] }) {
    const [from, to] = [splitPlace(source), splitPlace(target)];
    if (from.container !== undefined && to.container !== undefined)
      throw new UsageError('cp does not copy between containers', { hint: 'copy to the host first' });
    if (from.container !== undefined) await copyOut(context, { container: from.container, path: from.path, target });
    else if (to.container !== undefined)
      await copyIn(context, {
        source,
        container: to.container,
        path: to.path,
        archive: options.archive,
        follow: options['follow-link'],
      });
    else throw new UsageError('one of the two paths must be in a container', { hint: 'write it as NAME:/path' });
    return 0;
  },
});

/** `web:/etc` is in a container; `./a:b` and `/a:b` are not. */
function splitPlace(text: string): { container: string | undefined; path: string } {
  const colon = text.indexOf(':');
  if (colon <= 0 || text.startsWith('.') || text.startsWith('/')) return { container: undefined, path: text };
  return { container: text.slice(0, colon), path: text.slice(colon + 1) };
}

interface CopyOut {
  container: string;
  path: string;
  target: string;
}

async function copyOut({ client, output }: Context, { container, path, target }: CopyOut): Promise<void> {
  const engine = await client();
  const archive = await copyFromContainer(engine, container, absolute(path));
  if (target === '-') {
    for await (const chunk of archive as AsyncIterable<Uint8Array>) await output.bytes(chunk);
    return;
  }
  const stat = await statInContainer(engine, container, absolute(path));
  await unpackTo(archive, {
    name: stat.name,
    isDirectory: stat.mode >= DIRECTORY,
    contentOnly: /(^|\/)\.$/.test(path),
    target: resolve(target) + (target.endsWith('/') ? '/' : ''),
  });
}

interface CopyIn {
  source: string;
  container: string;
  path: string;
  archive: boolean;
  follow: boolean;
}

async function copyIn({ client }: Context, { source, container, path, archive, follow }: CopyIn): Promise<void> {
  const engine = await client();
  if (source === '-') {
    await copyIntoContainer(
      engine,
      { name: container, path: absolute(path), copyOwners: archive },
      process.stdin as Readable,
    );
    return;
  }
  const stat = await statInContainer(engine, container, absolute(path)).catch((error: unknown) => {
    if (error instanceof NotFoundError && !/no such container/i.test(error.message)) return undefined;
    throw error;
  });
  const place = await copyTarget(source, {
    path: absolute(path),
    target: stat === undefined ? 'missing' : stat.mode >= DIRECTORY ? 'directory' : 'file',
  });
  const packed = packPath(source, { name: place.name, contentOnly: place.contentOnly, follow });
  await copyIntoContainer(engine, { name: container, path: place.directory, copyOwners: archive }, packed);
}

/** Paths in a container begin at its root. */
function absolute(path: string): string {
  return path.startsWith('/') ? path : `/${path}`;
}
