import { BerthError, ConflictError, InvalidArgumentError, NotImplementedError } from '#lib/errors.ts';
import { type HeldPort, holdPort } from '#linux/held-port.ts';
import { isAddress } from './address.ts';
import type { PortRequest } from './networks.ts';
import { isAny } from './rules.ts';

/**
 * Ports of the host that containers publish. Each is held by a socket, so that no other program, and no other engine, takes it
 * while the container runs; the sockets are the engine's, who takes them again after a restart.
 */
export interface Ports {
  /**
   * Takes all ports of a container, or none.
   * @throws {ConflictError} if one is in use; the text names the port, `why` its owner where it is ours
   */
  hold(container: { id: string; name: string }, wanted: readonly PortRequest[]): PortRequest[];
  release(containerId: string): void;
}

interface Holding extends PortRequest {
  containerName: string;
  socket: HeldPort;
}

export function openPorts(): Ports {
  const held = new Map<string, Holding[]>();

  const take = (containerName: string, port: PortRequest): Holding => {
    checkServed(port);
    const address = isAny(port.hostAddress) ? '0.0.0.0' : port.hostAddress;
    try {
      const socket = holdPort({ protocol: port.protocol, address, port: port.hostPort });
      return { ...port, hostAddress: address, hostPort: socket.port, containerName, socket };
    } catch (error) {
      throw refusal(error, { ...port, hostAddress: address }, { containerName, owner: ownerOf(port) });
    }
  };
  const ownerOf = ({ protocol, hostAddress, hostPort }: PortRequest): string | undefined =>
    [...held.values()]
      .flat()
      .find(
        (other) =>
          other.protocol === protocol &&
          other.hostPort === hostPort &&
          (isAny(hostAddress) || isAny(other.hostAddress) || other.hostAddress === hostAddress),
      )?.containerName;

  return {
    hold(container, wanted) {
      const mine: Holding[] = [];
      try {
        for (const port of withoutDoubles(wanted)) mine.push(take(container.name, port));
      } catch (error) {
        for (const { socket } of mine) socket[Symbol.dispose]();
        throw error;
      }
      held.set(container.id, [...(held.get(container.id) ?? []), ...mine]);
      return mine.map(({ protocol, containerPort, hostAddress, hostPort }) => ({
        protocol,
        containerPort,
        hostAddress,
        hostPort,
      }));
    },
    release(containerId) {
      for (const { socket } of held.get(containerId) ?? []) socket[Symbol.dispose]();
      held.delete(containerId);
    },
  };
}

function withoutDoubles(ports: readonly PortRequest[]): PortRequest[] {
  return [...new Map(ports.map((port) => [identityOf(port), port])).values()];
}

/** Two wishes for any free port are two ports. */
function identityOf({ protocol, containerPort, hostAddress, hostPort }: PortRequest): string | symbol {
  const key = `${protocol} ${containerPort} ${isAny(hostAddress) ? '' : hostAddress} ${hostPort}`;
  return hostPort === 0 ? Symbol(key) : key;
}

/** What gets past here goes into the rules of the packet filter. */
function checkServed({ protocol, hostAddress, hostPort, containerPort }: PortRequest): void {
  if (hostAddress.includes(':'))
    throw new NotImplementedError(`cannot publish on [${hostAddress}]:${hostPort}: IPv6 addresses are not served`, {
      hint: 'publish on an IPv4 address, 127.0.0.1 or 0.0.0.0',
    });
  if (!isAny(hostAddress) && !isAddress(hostAddress))
    throw new InvalidArgumentError(`invalid IP address ${JSON.stringify(hostAddress)} to publish a port on`);
  if (protocol !== 'tcp' && protocol !== 'udp')
    throw new NotImplementedError(`ports of the protocol ${String(protocol)} are not served`);
  if (![hostPort, containerPort].every((port) => Number.isInteger(port) && port >= 0 && port <= 65_535))
    throw new InvalidArgumentError(`invalid port ${hostPort}:${containerPort}`);
}

function refusal(
  error: unknown,
  port: PortRequest,
  { containerName, owner }: { containerName: string; owner: string | undefined },
): unknown {
  const place = `${port.hostAddress}:${port.hostPort}`;
  const prefix = `driver failed programming external connectivity on endpoint ${containerName}: Bind for ${place} failed`;
  if (error instanceof ConflictError)
    return new ConflictError(`${prefix}: port is already allocated`, {
      why: owner === undefined ? `another program of this host listens on ${place}` : `container ${owner} publishes it`,
      hint: 'choose another host port, or stop its owner',
      cause: error,
    });
  if (error instanceof InvalidArgumentError)
    return new InvalidArgumentError(`${prefix}: cannot assign requested address`, {
      why: `this host has no address ${port.hostAddress}`,
      cause: error,
    });
  return error instanceof BerthError ? error : new InvalidArgumentError(`${prefix}: ${(error as Error).message}`);
}
