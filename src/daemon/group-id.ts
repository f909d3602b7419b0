import { readFile } from 'node:fs/promises';
import { InvalidArgumentError } from '#lib/errors.ts';

const DEFAULT_GROUP = 'berth';

/**
 * Id of the socket's group: the one asked for by name or number, else `berth` where that exists, else none (root's).
 * @throws {InvalidArgumentError} if the group asked for does not exist
 */
export async function socketGroupId(asked: string | undefined): Promise<number | undefined> {
  const text = await readFile('/etc/group', 'utf8').catch(() => '');
  const found = findGroup(text, asked ?? DEFAULT_GROUP);
  if (found !== undefined || asked === undefined) return found;
  if (/^\d+$/.test(asked)) return Number(asked);
  throw new InvalidArgumentError(`group ${asked} not found`, { hint: `create it with "groupadd ${asked}"` });
}

function findGroup(text: string, name: string): number | undefined {
  const line = text.split('\n').find((candidate) => candidate.startsWith(`${name}:`));
  const id = line?.split(':')[2];
  return id === undefined ? undefined : Number(id);
}
