import { InvalidArgumentError } from '#lib/errors.ts';
import type { PortRequest } from '#engine/networks/networks.ts';
import type { ContainerRecord } from './record.ts';

/** `80/tcp` of exposed ports and bindings. @throws {InvalidArgumentError} */
export function parsePort(text: string): { containerPort: number; protocol: 'tcp' | 'udp' } {
  const [number = '', protocol = 'tcp'] = text.toLowerCase().split('/');
  const containerPort = Number(number);
  if (!/^\d+$/.test(number) || containerPort < 1 || containerPort > 65_535)
    throw new InvalidArgumentError(`invalid port specification: "${text}"`);
  if (protocol !== 'tcp' && protocol !== 'udp')
    throw new InvalidArgumentError(`invalid port specification: "${text}": protocol ${protocol} is not supported`);
  return { containerPort, protocol };
}

/** What a container publishes. A host port of 0 is any free one. @throws {InvalidArgumentError} */
export function portRequests({ config, hostConfig }: Pick<ContainerRecord, 'config' | 'hostConfig'>): PortRequest[] {
  const bound = Object.entries(hostConfig.portBindings).flatMap(([port, bindings]) => {
    const target = parsePort(port);
    const all = bindings.length === 0 ? [{ hostAddress: '', hostPort: '' }] : bindings;
    return all.map(({ hostAddress, hostPort }) => ({ ...target, hostAddress, hostPort: parseHostPort(hostPort) }));
  });
  if (!hostConfig.publishAllPorts) return bound;
  const taken = new Set(bound.map(({ containerPort, protocol }) => `${containerPort}/${protocol}`));
  const exposed = config.exposedPorts.map(parsePort);
  const further = exposed.filter(({ containerPort, protocol }) => !taken.has(`${containerPort}/${protocol}`));
  return [...bound, ...further.map((port) => ({ ...port, hostAddress: '', hostPort: 0 }))];
}

/** Of a range the first port is taken. */
function parseHostPort(text: string): number {
  if (text === '') return 0;
  const [first = ''] = text.split('-');
  const port = Number(first);
  if (!/^\d+(?:-\d+)?$/.test(text) || port > 65_535) throw new InvalidArgumentError(`invalid host port: "${text}"`);
  return port;
}
