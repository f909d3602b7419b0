import { isIP } from 'node:net';

/** What resolv.conf(5) says, as far as containers take it over. */
export interface ResolvConf {
  nameservers: readonly string[];
  search: readonly string[];
  options: readonly string[];
}

export interface DnsRequest {
  dns: readonly string[];
  dnsSearch: readonly string[];
  dnsOptions: readonly string[];
}

/** Servers for a container when the host has none that it could reach; the same that Docker takes. */
const PUBLIC_SERVERS = ['8.8.8.8', '8.8.4.4'] as const;

export function parseResolvConf(text: string): ResolvConf {
  const nameservers: string[] = [];
  let search: string[] = [];
  let options: string[] = [];
  for (const line of text.split('\n')) {
    const [keyword, ...values] = (line.split(/[#;]/)[0] ?? '').trim().split(/\s+/);
    if (keyword === 'nameserver' && values[0] !== undefined) nameservers.push(values[0]);
    // The last of these lines counts, as in the C library.
    if (keyword === 'search' || keyword === 'domain') search = values;
    if (keyword === 'options') options = values;
  }
  return { nameservers, search, options };
}

export function formatResolvConf({ nameservers, search, options }: ResolvConf): string {
  const lines = nameservers.map((server) => `nameserver ${server}`);
  if (search.length > 0) lines.push(`search ${search.join(' ')}`);
  if (options.length > 0) lines.push(`options ${options.join(' ')}`);
  return `${lines.join('\n')}\n`;
}

/** Whether the host's file names only the local stub of systemd-resolved, whose own servers stand in another file. */
export function isResolvedStub({ nameservers }: ResolvConf): boolean {
  return nameservers.length > 0 && nameservers.every((server) => server === '127.0.0.53');
}

/**
 * The file of a container with a network of its own: what it asks for wins; of the host's servers those stay that it can reach.
 * @returns the text, and what the operator should know
 */
export function containerResolvConf(host: ResolvConf, request: DnsRequest): { text: string; warnings: string[] } {
  const warnings: string[] = [];
  const reachable = host.nameservers.filter((server) => !isLoopback(server) && isIP(server) === 4);
  let nameservers: readonly string[] = request.dns.length > 0 ? request.dns : reachable;
  if (nameservers.length === 0) {
    nameservers = PUBLIC_SERVERS;
    warnings.push(
      `the host's DNS servers (${host.nameservers.join(', ') || 'none'}) cannot be reached from containers: using ${nameservers.join(', ')}`,
    );
  } else if (request.dns.length === 0 && reachable.length < host.nameservers.length) {
    const left = host.nameservers.filter((server) => !reachable.includes(server));
    warnings.push(`DNS servers left out for containers, which cannot reach them: ${left.join(', ')}`);
  }
  return { text: formatResolvConf(merge(nameservers, host, request)), warnings };
}

/** The file of a container in the host's network: all servers of the host can be reached. */
export function hostResolvConf(host: ResolvConf, request: DnsRequest): string {
  return formatResolvConf(merge(request.dns.length > 0 ? request.dns : host.nameservers, host, request));
}

function merge(nameservers: readonly string[], host: ResolvConf, request: DnsRequest): ResolvConf {
  // A single dot as search domain asks for none.
  const search = request.dnsSearch.length > 0 ? request.dnsSearch.filter((domain) => domain !== '.') : host.search;
  return { nameservers, search, options: request.dnsOptions.length > 0 ? request.dnsOptions : host.options };
}

function isLoopback(server: string): boolean {
  return server.startsWith('127.') || server === '::1';
}
