import { BlockList, isIP } from 'node:net';

/** Where a registry's API is. */
export interface Endpoint {
  /** As in references: `docker.io`. */
  domain: string;
  /** Host with port that is spoken to: `registry-1.docker.io`. */
  host: string;
  /** Certificates are not checked, and plain HTTP is taken where there is no TLS. */
  insecure: boolean;
}

/** Key of Docker Hub in credential stores. */
export const HUB_SERVER = 'https://index.docker.io/v1/';

/** The registry of a domain. Loopback addresses and what is listed (hosts, or networks as a/b) may be without TLS. */
export function endpointOf(domain: string, insecureRegistries: readonly string[] = []): Endpoint {
  const name = domain === 'index.docker.io' ? 'docker.io' : domain;
  const host = name === 'docker.io' ? 'registry-1.docker.io' : name;
  return { domain: name, host, insecure: isLoopback(host) || isListed(host, insecureRegistries) };
}

/** The registry that a login server names, as it is typed or stored: a host or a URL. */
export function domainOfServer(server: string): string {
  const host = server
    .replace(/^[a-z]+:\/\//i, '')
    .replace(/\/.*$/, '')
    .toLowerCase();
  return host === '' || host === 'index.docker.io' || host === 'registry-1.docker.io' ? 'docker.io' : host;
}

function isLoopback(host: string): boolean {
  const name = hostname(host);
  return name === 'localhost' || name === '::1' || (isIP(name) === 4 && name.startsWith('127.'));
}

function isListed(host: string, listed: readonly string[]): boolean {
  const name = hostname(host);
  const kind = isIP(name);
  return listed.some((entry) => {
    const [network = '', bits] = entry.split('/');
    if (bits === undefined) return entry === host || entry === name;
    if (kind === 0 || isIP(network) !== kind) return false;
    const list = new BlockList();
    const family = kind === 4 ? 'ipv4' : 'ipv6';
    list.addSubnet(network, Number(bits), family);
    return list.check(name, family);
  });
}

function hostname(host: string): string {
  return host.replace(/:\d+$/, '').replace(/^\[|\]$/g, '');
}
