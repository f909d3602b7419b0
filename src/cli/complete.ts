import { listContainers } from '#client/containers.ts';
import { listImages } from '#client/images.ts';
import { listNetworks } from '#client/networks.ts';
import type { Client } from '#client/transport.ts';
import { listVolumes } from '#client/volumes.ts';
import { findCommand, GROUPS, SHORT } from './commands.ts';
import { connectWithoutStart } from './engine/connect.ts';

/** What a shell offers for the last of these words; an engine that is not there offers no names. */
export async function complete(words: readonly string[]): Promise<string[]> {
  const before = words.slice(0, -1);
  const last = words.at(-1) ?? '';
  const found = findCommand(before);
  if (before.length === 0 || found.kind === 'unknown')
    return before.length === 0
      ? [...Object.values(SHORT).flatMap((group) => Object.keys(group)), ...Object.keys(GROUPS)]
      : [];
  if (found.kind === 'group') return Object.keys(found.group.commands);
  if (last.startsWith('-')) {
    const { options } = await found.entry.load();
    return Object.entries(options)
      .filter(([, { help }]) => help !== '')
      .map(([name]) => `--${name}`);
  }
  return names(found.name).catch(() => []);
}

const NAMES: Readonly<Record<string, (client: Client) => Promise<string[]>>> = {
  container: async (client) =>
    (await listContainers(client, { all: true })).flatMap(({ Names }) =>
      (Names ?? []).map((name) => name.replace(/^\//, '')),
    ),
  image: async (client) => (await listImages(client)).flatMap(({ RepoTags }) => RepoTags ?? []),
  network: async (client) => (await listNetworks(client)).map(({ Name }) => Name),
  volume: async (client) => (await listVolumes(client)).map(({ Name }) => Name),
};

/** Commands by a word of their own whose words are images; those of the other ones are containers. */
const OF_IMAGES = new Set(['run', 'create', 'rmi', 'push', 'save', 'history', 'tag', 'images']);
const OF_FILES = new Set(['build', 'load', 'import', 'serve', 'train', 'plan', 'cp']);

async function names(command: string): Promise<string[]> {
  if (OF_FILES.has(command)) return [];
  const [noun = ''] = command.split(' ');
  const own = Object.hasOwn(NAMES, noun) ? NAMES[noun] : NAMES[OF_IMAGES.has(command) ? 'image' : 'container'];
  const client = await connectWithoutStart({ host: undefined, tls: undefined });
  try {
    return (await own?.(client)) ?? [];
  } finally {
    client.close();
  }
}
