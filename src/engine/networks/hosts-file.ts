import { InvalidArgumentError } from '#lib/errors.ts';

/** A line of hosts(5). */
export interface HostsEntry {
  address: string;
  names: readonly string[];
}

const LOCAL: readonly HostsEntry[] = [
  { address: '127.0.0.1', names: ['localhost'] },
  { address: '::1', names: ['localhost', 'ip6-localhost', 'ip6-loopback'] },
  { address: 'fe00::', names: ['ip6-localnet'] },
  { address: 'ff00::', names: ['ip6-mcastprefix'] },
  { address: 'ff02::1', names: ['ip6-allnodes'] },
  { address: 'ff02::2', names: ['ip6-allrouters'] },
];

/** The file of a container with a network of its own: the local names, what was asked for, itself, its peers. */
export function containerHosts(...groups: readonly (readonly HostsEntry[])[]): string {
  return [LOCAL, ...groups]
    .flat()
    .map(({ address, names }) => ({ address, names: names.filter(isName) }))
    .filter(({ names }) => names.length > 0)
    .map(({ address, names }) => `${address}\t${names.join(' ')}\n`)
    .join('');
}

/** A name that is more than a word would be a line of its own, in the files of others too. */
function isName(text: string): boolean {
  return /^[^\s#]+$/.test(text);
}

/** The file of a container in the host's network: the host's own, and what was asked for. */
export function extendedHosts(host: string, extra: readonly HostsEntry[]): string {
  const own = host === '' || host.endsWith('\n') ? host : `${host}\n`;
  return own + extra.map(({ address, names }) => `${address}\t${names.join(' ')}\n`).join('');
}

/**
 * `name:address` (or `name=address`) as `--add-host` has it; `host-gateway` stands for the host as the container sees it.
 * @throws {InvalidArgumentError}
 */
export function parseExtraHosts(texts: readonly string[], hostGateway: string): HostsEntry[] {
  return texts.map((text) => {
    const [, name = '', written = ''] = /^([^:=\s]+)[:=](\S+)$/.exec(text) ?? [];
    if (name === '') throw new InvalidArgumentError(`bad format for add-host: "${text}"`);
    const address = written.replace(/^\[(.*)\]$/, '$1');
    return { address: address === 'host-gateway' ? hostGateway : address, names: [name] };
  });
}
