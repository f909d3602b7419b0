import { UsageError } from '../parse-options.ts';

export interface Ports {
  ExposedPorts: Record<string, object>;
  PortBindings: Record<string, { HostIp: string; HostPort: string }[]>;
}

/** What `--publish` and `--expose` ask for, in the Engine API's words. @throws {UsageError} */
export function parsePorts(publish: readonly string[], expose: readonly string[]): Ports {
  const ports: Ports = { ExposedPorts: {}, PortBindings: {} };
  for (const text of publish) addPublished(ports, text);
  for (const text of expose) {
    const { from, to, protocol } = readRange(text, text);
    for (let port = from; port <= to; port++) ports.ExposedPorts[`${port}/${protocol}`] = {};
  }
  return ports;
}

function addPublished(ports: Ports, text: string): void {
  const [, ip = '', middle, last = ''] = /^(?:(?:(\[[^\]]*\]|[^:]*):)?([^:]*):)?([^:]+)$/.exec(text) ?? [];
  if (last === '') throw invalid(text);
  const inside = readRange(last, text);
  const outside = middle === undefined || middle === '' ? undefined : readRange(middle, text);
  const count = inside.to - inside.from;
  // A range of host ports for one port of the container means: any of these.
  const isChoice = outside !== undefined && count === 0 && outside.to > outside.from;
  if (outside !== undefined && !isChoice && outside.to - outside.from !== count)
    throw new UsageError(`--publish ${text}: the ranges differ in length`);
  for (let offset = 0; offset <= count; offset++) {
    const key = `${inside.from + offset}/${inside.protocol}`;
    const hostPort =
      outside === undefined ? '' : isChoice ? `${outside.from}-${outside.to}` : String(outside.from + offset);
    ports.ExposedPorts[key] = {};
    (ports.PortBindings[key] ??= []).push({ HostIp: ip.replace(/^\[(.*)\]$/, '$1'), HostPort: hostPort });
  }
}

function readRange(text: string, whole: string): { from: number; to: number; protocol: string } {
  const [, from, to, protocol = 'tcp'] = /^(\d{1,5})(?:-(\d{1,5}))?(?:\/(tcp|udp|sctp))?$/i.exec(text) ?? [];
  const [low, high] = [Number(from), Number(to ?? from)];
  if (from === undefined || low > high || high > 65535) throw invalid(whole);
  return { from: low, to: high, protocol: protocol.toLowerCase() };
}

function invalid(text: string): UsageError {
  return new UsageError(`--publish cannot be read: ${JSON.stringify(text)}`, {
    hint: 'write it as 8080:80, 127.0.0.1:8080:80, 80 or 5000-5002:5000-5002/udp',
  });
}
