import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';
import { InternalError } from '#lib/errors.ts';
import type { TestEngine } from './engine.ts';
import { readTree, type Tree, treeDifferences } from './image-archive.ts';

/** The tree that a container of an image has before it runs, read through the engine. */
export async function imageTree(engine: TestEngine, image: string): Promise<Tree> {
  const created = await engine.docker('create', '--network', 'none', image, 'none');
  if (created.code !== 0) throw new InternalError(`no container of ${image}: ${created.stderr}`);
  const id = created.stdout.trim();
  try {
    const call = request({
      socketPath: engine.socket,
      path: `/containers/${id}/export`,
      headers: { Host: 'localhost' },
    });
    call.end();
    const [response] = (await once(call, 'response')) as [IncomingMessage];
    if (response.statusCode !== 200) throw new InternalError(`export answers ${response.statusCode}`);
    return await readTree(response);
  } finally {
    await engine.docker('rm', '-f', id);
  }
}

/** What is wrong with an image: every path by kind, attributes and content. */
export async function imageProblems(engine: TestEngine, image: string, expected: Tree): Promise<string[]> {
  try {
    const found = treeDifferences(await imageTree(engine, image), expected);
    return found.length > 5 ? [...found.slice(0, 5), `and ${found.length - 5} more`] : found;
  } catch (error) {
    return [String(error)];
  }
}
